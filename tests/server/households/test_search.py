"""Lists in the order of their doors, and the one search box."""

import re
import time
from typing import Any

import pytest
import sqlalchemy as sa

from server.households import pinyin
from server.households.doors import position, tidy_door, tidy_unit
from tests.queries import count_queries
from tests.server.households.registry import URL, person, register
from tests.world import Caller, World


def doors(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.get_data(as_text=True)
    return [f"{item['unit']}-{item['door']}" for item in answer.json["items"]]


def search(caller: Caller, q: str, **more: Any) -> list[str]:
    return doors(caller.get(URL, query_string={"q": q, **more}))


@pytest.fixture
def head(world: World) -> Caller:
    building = world.building()
    head = world.head(building)
    people = {
        ("1", "101"): [person("张小明", "13812345678"), person("曾单", "13987654321")],
        ("1", "201"): [person("John Smith", None), person("阿依古丽·买买提", "021-62345678")],
        ("2", "101"): [person("单雄信", "13700005678"), person("吕小布", None)],
        ("10", "301"): [],
        ("", "A1"): [person("欧阳锋", "010-62344321")],
    }
    for (unit, door), residents in people.items():
        register(head, building, door, *residents, unit=unit)
    return head


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("张小明", ["1-101"]),
        ("小明", ["1-101"]),
        ("张 小明", ["1-101"]),
        ("zxm", ["1-101"]),
        ("ZXM", ["1-101"]),
        ("zhangxm", ["1-101"]),
        ("zhang", ["1-101"]),
        ("zd", ["1-101"]),  # 曾单
        ("cs", ["1-101"]),
        ("zengshan", ["1-101"]),
        ("sxx", ["2-101"]),  # 单雄信 as a surname …
        ("dxx", ["2-101"]),  # … and as a word
        ("lvxb", ["2-101"]),
        ("luxb", ["2-101"]),
        ("oyf", ["-A1"]),
        ("ayglm", ["1-201"]),
        ("smith", ["1-201"]),
        ("js", []),  # a Latin name is found by its letters as they stand
        ("johns", ["1-201"]),
        ("xm", []),  # letters begin with the surname
        ("5678", ["1-101", "1-201", "2-101"]),
        ("4321", ["-A1", "1-101"]),
        ("13812345678", ["1-101"]),
        ("+86 138 1234 5678", ["1-101"]),
        ("021-62345678", ["1-201"]),
        ("62345678", ["1-201"]),
        ("12345678", []),
        ("678", []),
        ("101", ["1-101", "2-101"]),
        ("1", ["1-101", "2-101"]),
        ("1-1", ["1-101"]),
        ("1-", ["1-101", "1-201"]),
        ("2单元", ["2-101"]),
        ("二单元101室", ["2-101"]),
        ("10-3", ["10-301"]),
        ("a", ["-A1", "1-201"]),
        ("a1", ["-A1"]),
        ("１０１", ["1-101", "2-101"]),
        ("%", []),
        ("_", []),
        ("没有这个人", []),
        ("  ", ["-A1", "1-101", "1-201", "2-101", "10-301"]),
    ],
)
def test_the_search_box(head: Caller, q: str, expected: list[str]) -> None:
    assert search(head, q) == expected


def test_the_person_who_was_found_is_marked_and_still_masked(head: Caller) -> None:
    (item,) = head.get(URL, query_string={"q": "zxm"}).json["items"]
    assert [(r["name"], r["matched"]) for r in item["residents"]] == [("张**", True), ("曾*", False)]
    (item,) = head.get(URL, query_string={"q": "1-101"}).json["items"]
    assert not any(r["matched"] for r in item["residents"])


def test_doors_read_in_their_order_and_pages_join_up(world: World, head: Caller) -> None:
    everything = doors(head.get(URL))
    assert everything == ["-A1", "1-101", "1-201", "2-101", "10-301"]
    seen, cursor = [], None
    for _ in range(3):
        answer = head.get(URL, query_string={"limit": 2} | ({"cursor": cursor} if cursor else {}))
        seen += doors(answer)
        cursor = answer.json["next_cursor"]
    assert (seen, cursor) == (everything, None)


def test_pages_of_a_search_join_up_while_households_come_and_go(head: Caller) -> None:
    first = head.get(URL, query_string={"q": "5678", "limit": 1})
    assert doors(first) == ["1-101"]
    building = first.json["items"][0]["building"]
    body = {
        "building": building,
        "unit": "1",
        "door": "102",
        "tenancy": "owner",
        "residents": [person("后来", "13155555678")],
    }
    assert head.post(URL, json=body).status_code == 201
    body = {**body, "door": "100", "residents": [person("先到", "13255555678")]}
    assert head.post(URL, json=body).status_code == 201
    rest = head.get(URL, query_string={"q": "5678", "cursor": first.json["next_cursor"]})
    assert doors(rest) == ["1-102", "1-201", "2-101"]
    assert rest.json["next_cursor"] is None


BROKEN: list[dict[str, Any]] = [
    {"cursor": "nonsense"},
    {"cursor": "azk5OTk5OTk"},
    {"limit": 0},
    {"limit": 101},
    {"q": "长" * 41},
    {"building": "x"},
    {"page": 2},
]


@pytest.mark.parametrize("query", BROKEN)
def test_a_broken_query_is_told(head: Caller, query: dict[str, Any]) -> None:
    assert head.get(URL, query_string=query).status_code == 422


@pytest.mark.parametrize(("q", "most"), [(None, 3), ("zxm", 4), ("5678", 4), ("101", 4), ("没有", 2)])
def test_a_list_costs_the_same_however_many_doors_there_are(
    world: World, head: Caller, q: str | None, most: int
) -> None:
    """Who is asking, (the scan,) the doors, the people."""
    with count_queries(world.app) as sent:
        assert head.get(URL, query_string={"q": q} if q else {}).status_code == 200
    assert len(sent) == most


def test_nothing_to_guess_a_name_from_lies_in_the_database(world: World, head: Caller) -> None:
    """The only words in the rows of residents are ids and relations."""
    with world.reading() as connection:
        rows = connection.execute(sa.text("SELECT * FROM residents")).mappings().all()
    words = {name for row in rows for name, value in row.items() if isinstance(value, str)}
    assert words <= {"public_id", "relation", "created_at", "moved_out_at", "erased_at"}


SURNAMES = re.findall(
    r"\S+",
    """
    曾zeng 单shan 解xie 仇qiu 区ou 查zha 盖ge 朴piao 覃qin 覃tan 乐yue 员yun 繁po 黑he 折she 召shao 种chong 尉yu 缪miao
    翟zhai 冼xian 任ren 宁ning 葛ge 华hua 长zhang 俟qi 逄pang 隗kui 谌shen 晁chao 郗chi 费bi 宓fu 那na 纪ji 沈shen
    吕lv 吕lu 万mo 祭zhai 秘bi 会gui 曾ceng 单dan 解jie 仇chou 区qu
    """,
)


@pytest.mark.parametrize("surname", SURNAMES)
def test_surnames_are_known_by_every_reading(surname: str) -> None:
    assert surname[1:] in pinyin.readings(surname[0])


@pytest.mark.parametrize(
    ("typed", "unit"),
    [
        ("2单元", "2"),
        ("二单元", "2"),
        ("十二单元", "12"),
        ("０2", "2"),
        ("0", "0"),
        ("东单元", "东单元"),
        ("a", "A"),
        ("", ""),
    ],
)
def test_units_have_one_spelling(typed: str, unit: str) -> None:
    assert tidy_unit(typed) == unit


@pytest.mark.parametrize(
    ("typed", "door"),
    [("301室", "301"), ("12号", "12"), ("a 1", "A1"), ("0301", "0301"), ("室", "室"), ("-101", "-101")],
)
def test_doors_have_one_spelling(typed: str, door: str) -> None:
    assert tidy_door(typed) == door


def test_numbers_are_ordered_as_numbers_and_fit_their_column() -> None:
    assert position("2", "101") < position("10", "2") < position("10", "10")
    assert len(position("1a" * 8, "1a" * 8)) <= 160


def test_a_name_made_to_be_read_in_countless_ways_is_looked_at_once() -> None:
    name, read = "喔" * 30, "wo" * 19
    began = time.process_time()
    assert pinyin.begins(name, read)
    assert not pinyin.begins(name, f"{read}x")
    assert not pinyin.begins("喔" * 12, read)
    assert time.process_time() - began < 1  # tried one way after the other: seconds for each such name
