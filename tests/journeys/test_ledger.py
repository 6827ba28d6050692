"""A clerk's journey: an old ledger in, its months closed, the ranking read. The sample is made here."""

import csv
import json
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskCliRunner

from models import Issue, IssueEvent, Place, ReturnVisit
from models.enums import IssueState, Role
from tests.world import Spot, World

SHANGHAI = ZoneInfo("Asia/Shanghai")
HEADINGS = ["request_no", "created_at", "due_at", "closed_at", "category", "district", "address", "status"]
MAPPING = {
    "columns": {
        "number": "request_no",
        "time": "created_at",
        "due": "due_at",
        "closed": "closed_at",
        "place": "district",
        "text": "address",
        "outcome": "status",
    },
    "outcomes": {
        "Closed": {"state": "confirmed", "contacted": "by_due", "solved": True},
        "Closed (Duplicate)": {"state": "duplicate"},
        "Open": {"state": "reported"},
    },
}


def sample(path: Path, *, rows: int = 240, bad: int = 0) -> Path:
    """A ledger of three districts over September 2026: district 3 closes late every second time, 2 every fourth time."""
    opened = datetime(2026, 9, 1, 8, 0, tzinfo=SHANGHAI)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(HEADINGS)
        for i in range(rows):
            district = i % 3 + 1
            at = opened + timedelta(hours=2 * i)
            late = (district == 3 and i % 2 == 0) or (district == 2 and i % 4 == 0)
            due, closed = at + timedelta(days=3), at + timedelta(days=4 if late else 1)
            status = "Closed (Duplicate)" if i % 40 == 39 else "Closed"
            writer.writerow(
                [
                    f"18-{i:05d}",
                    *(f"{t:%Y-%m-%d %H:%M:%S}" for t in (at, due, closed)),
                    "SW-Alley",
                    district,
                    "Main St",
                    status,
                ]
            )
        for i in range(bad):
            writer.writerow([f"bad-{i}", "not a time", "", "", "SW-Alley", "", "Main St", "Whatever"])
    return path


@pytest.fixture
def runner(app: Flask) -> FlaskCliRunner:
    return app.test_cli_runner()


@pytest.fixture
def mapping(tmp_path: Path) -> str:
    path = tmp_path / "mapping.json"
    path.write_text(json.dumps(MAPPING), encoding="utf-8")
    return str(path)


def count(world: World, table: type) -> int:
    with world.reading() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


def words(community: Spot, file: Path, mapping: str, *more: str) -> list[str]:
    return ["issues", "import", str(file), "--community", community.code, "--mapping", mapping, *more]


def test_a_dry_run_changes_nothing(world: World, runner: FlaskCliRunner, mapping: str, tmp_path: Path) -> None:
    community = world.community()
    told = runner.invoke(args=words(community, sample(tmp_path / "l.csv"), mapping, "--create-buildings"))
    assert told.exit_code == 0, told.output
    assert "可导入 240" in told.output
    assert "试运行" in told.output
    assert (count(world, Issue), count(world, Place)) == (0, 3)


def test_bad_rows_are_named_and_nothing_is_half_loaded(
    world: World, runner: FlaskCliRunner, mapping: str, tmp_path: Path
) -> None:
    community = world.community()
    file = sample(tmp_path / "l.csv", rows=9, bad=2)
    told = runner.invoke(args=words(community, file, mapping, "--create-buildings", "--load"))
    assert told.exit_code == 1
    assert "第 11 行" in told.output
    assert "第 12 行" in told.output
    assert "Traceback" not in told.output
    assert count(world, Issue) == 0
    told = runner.invoke(args=words(community, file, mapping, "--create-buildings", "--load", "--skip-bad-rows"))
    assert told.exit_code == 0, told.output
    assert count(world, Issue) == 9


def test_an_unknown_building_is_a_bad_row(world: World, runner: FlaskCliRunner, mapping: str, tmp_path: Path) -> None:
    community = world.community()
    told = runner.invoke(args=words(community, sample(tmp_path / "l.csv", rows=1), mapping, "--load"))
    assert told.exit_code == 1
    assert "没有“1”这栋楼" in told.output


@pytest.mark.parametrize(
    ("content", "line"),
    [
        ("", "没有内容"),
        ("a,b\n1,2\n", "找不到这一列"),
        ("\x00\x01\x02", ""),
    ],
)
def test_what_is_no_ledger_gives_one_clear_answer(
    world: World, runner: FlaskCliRunner, tmp_path: Path, content: str, line: str
) -> None:
    community = world.community()
    file = tmp_path / "broken.csv"
    file.write_text(content, encoding="utf-8")
    told = runner.invoke(args=["issues", "import", str(file), "--community", community.code, "--load"])
    assert told.exit_code == 1
    assert line in told.output
    assert "Traceback" not in told.output
    assert count(world, Issue) == 0


def test_from_an_old_ledger_to_a_ranking(world: World, runner: FlaskCliRunner, mapping: str, tmp_path: Path) -> None:
    community = world.community()
    file = sample(tmp_path / "l.csv")
    load = words(community, file, mapping, "--create-buildings", "--source", "old", "--load")
    first, again = runner.invoke(args=load), runner.invoke(args=load)
    assert (first.exit_code, again.exit_code) == (0, 0), first.output + again.output
    assert "已导入 240 行" in first.output
    assert "已经在册 240" in again.output
    assert "已导入 0 行" in again.output
    assert (count(world, Issue), count(world, IssueEvent)) == (240, 240)
    with world.reading() as connection:
        duplicates = connection.execute(
            sa.select(sa.func.count()).select_from(Issue).where(Issue.state == IssueState.DUPLICATE)
        ).scalar_one()
    assert duplicates == 6
    assert count(world, ReturnVisit) == 234

    closed = runner.invoke(args=["month", "close", "2026-09"])
    assert closed.exit_code == 0, closed.output
    clerk = world.staff(Role.COMMUNITY, community)
    seen = clerk.get(f"/api/v1/months/2026-09/communities/{community.public_id}")
    assert seen.status_code == 200, seen.json
    assert [row["building_name"] for row in seen.json["standings"]] == ["1", "2", "3"]
    assert [row["rank"] for row in seen.json["standings"]] == [1, 2, 3]
    assert [row["red_flag"] for row in seen.json["standings"]] == [True, True, False]
    told = runner.invoke(args=["month", "ranking", "2026-09", "--community", community.code])
    assert told.exit_code == 0, told.output
    assert "流动红旗" in told.output
