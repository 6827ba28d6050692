"""`flask places import` for tables an office did not make for us."""

from pathlib import Path

import sqlalchemy as sa
from click.testing import Result
from flask import Flask

from models import Place
from tests.world import World

# Laid out as the national list is: a street names its district, a community its street and district.
STREETS = """street_code,street,kind,area_code,area,city
100001,东街街道,街道,1000,测试区,测试市
100002,西镇,镇,1000,测试区,测试市
100400,风景区管理处,其他,1000,测试区,测试市
200001,东街街道,街道,2000,第二区,市辖区
"""
COMMUNITIES = """code,name,short_name,kind,street_code,street,area_code,area
100001001,东一社区居委会,东一社区,社区,100001,东街街道,1000,测试区
100002001,西村村委会,西村,村,100002,西镇,1000,测试区
200001001,东一社区居委会,东一社区,社区,200001,东街街道,2000,第二区
"""
OF_STREETS = [
    "--column",
    "code=street_code",
    "--column",
    "name=street",
    "--column",
    "parent=area_code",
    "--kind",
    "street",
]
DISTRICTS = ["--also", "district:area_code:area"]
OF_COMMUNITIES = ["--column", "name=short_name", "--column", "parent=street_code"]


def rehearse(app: Flask, tmp_path: Path, table: str, *options: str) -> Result:
    path = tmp_path / "table.csv"
    path.write_text(table, encoding="utf-8")
    return app.test_cli_runner().invoke(args=["places", "import", str(path), *options])


def run(app: Flask, tmp_path: Path, table: str, *options: str) -> Result:
    return rehearse(app, tmp_path, table, *options, "--load")


def names(world: World) -> dict[str, str]:
    with world.reading() as connection:
        return dict(connection.execute(sa.select(Place.code, Place.name).order_by(Place.id)).all())


def test_a_list_of_streets_makes_its_districts_too(app: Flask, world: World, tmp_path: Path) -> None:
    rehearsed = rehearse(app, tmp_path, STREETS, *OF_STREETS, *DISTRICTS)
    assert rehearsed.exit_code == 0, rehearsed.output
    assert "新建：区 2、街道/镇 4" in rehearsed.output
    assert "试运行" in rehearsed.output
    assert names(world) == {}
    done = run(app, tmp_path, STREETS, *OF_STREETS, *DISTRICTS)
    assert "已导入" in done.output
    assert len(names(world)) == 6
    assert (names(world)["1000"], names(world)["100400"]) == ("测试区", "风景区管理处")
    communities = run(app, tmp_path, COMMUNITIES, *OF_COMMUNITIES)
    assert "新建：社区/村 3" in communities.output
    again = run(app, tmp_path, COMMUNITIES, *OF_COMMUNITIES)
    assert "新建：0；改名：0；不变：3" in again.output


def test_one_list_of_communities_makes_the_whole_trunk(app: Flask, world: World, tmp_path: Path) -> None:
    done = run(app, tmp_path, COMMUNITIES, *OF_COMMUNITIES, "--also", "street:street_code:street:area_code", *DISTRICTS)
    assert "新建：区 2、街道/镇 3、社区/村 3" in done.output
    renamed = run(app, tmp_path, COMMUNITIES, "--column", "parent=street_code")
    assert "改名：3" in renamed.output
    assert names(world)["100002001"] == "西村村委会"


def test_without_its_districts_the_list_is_refused_as_a_whole(app: Flask, world: World, tmp_path: Path) -> None:
    refused = run(app, tmp_path, STREETS, *OF_STREETS)
    assert refused.exit_code == 1
    assert "第 2 行 · area_code：没有这个编码的上级" in refused.output
    assert "有 4 处不能导入，一行也没有导入。" in refused.output
    assert "Traceback" not in refused.output
    assert names(world) == {}


def test_a_place_named_on_the_way_must_be_the_same_in_every_row(app: Flask, world: World, tmp_path: Path) -> None:
    table = STREETS.replace("100002,西镇,镇,1000,测试区", "100002,西镇,镇,1000,另一区")
    refused = run(app, tmp_path, table, *OF_STREETS, *DISTRICTS)
    assert "第 3 行 · area_code：与第 2 行编码相同，但名称、类别或上级不同。" in refused.output
    empty = STREETS.replace("100002,西镇,镇,1000,测试区", "100002,西镇,镇,1000,")
    assert "第 3 行 · area：没有填写。" in run(app, tmp_path, empty, *OF_STREETS, *DISTRICTS).output
    assert names(world) == {}


def test_a_table_of_districts_needs_no_column_of_parents(app: Flask, world: World, tmp_path: Path) -> None:
    assert run(app, tmp_path, "代码,名称\n1000,测试区\n", "--kind", "district").exit_code == 0
    assert names(world) == {"1000": "测试区"}


def test_what_is_wrong_with_the_options_is_one_line(app: Flask, tmp_path: Path) -> None:
    for options, said in (
        (["--column", "code"], "FIELD=HEADING"),
        (["--column", "colour=x"], "FIELD=HEADING"),
        (["--also", "district:area_code"], "KIND:CODE:NAME"),
        (["--also", "town:area_code:area"], "KIND:CODE:NAME"),
        (["--also", "district:area_code:area:x:y"], "KIND:CODE:NAME"),
        (["--kind", "town"], "--kind"),
        (["--column", "code=nowhere"], "没有“nowhere”这一列"),
        ([*OF_STREETS, "--also", "district:nowhere:area"], "没有“nowhere”这一列"),
    ):
        refused = run(app, tmp_path, STREETS, *options)
        assert refused.exit_code != 0
        assert said in refused.output, refused.output
        assert "Traceback" not in refused.output
    assert rehearse(app, tmp_path, "").exit_code == 1
