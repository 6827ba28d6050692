"""When a report is the same fault come back."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from models.enums import IssueCategory, IssueState
from server.rules.recurrence import ENDED_WELL, Fault, recurs, share

NOW = datetime(2026, 11, 2, 1, 0, tzinfo=UTC)
OLD = Fault(
    1, IssueCategory.LIGHTING, "三楼楼道的灯不亮", state=IssueState.CONFIRMED, settled_at=NOW - timedelta(days=90)
)
NEW = Fault(1, IssueCategory.LIGHTING, "楼道三楼的灯又不亮了", reported_at=NOW)


@pytest.mark.parametrize(
    ("one", "other", "hundredths"),
    [
        ("三楼灯不亮", "三楼灯不亮", 100),
        ("十三层灯不亮", "13楼的灯不亮", 80),
        ("三楼灯不亮", "楼道三楼的灯不亮了", 75),
        ("三楼灯不亮", "电梯停了", 0),
        ("Ａ栋 灯！不亮", "a栋灯不亮。", 100),
        ("漏", "漏", 100),
        ("漏", "漏水", 0),
        ("", "漏水", 0),
        ("，。！", "，。！", 0),
        ("💧💧", "💧💧", 0),
    ],
)
def test_the_share_of_pairs(one: str, other: str, hundredths: int) -> None:
    assert share(one, other) == share(other, one) == hundredths


@pytest.mark.parametrize(
    ("new", "old", "again"),
    [
        (NEW, OLD, True),
        (replace(NEW, reported_at=NOW + timedelta(seconds=1)), OLD, False),  # 90 days and a second
        (replace(NEW, reported_at=NOW - timedelta(days=91)), OLD, False),  # before it was settled
        (replace(NEW, building_id=2), OLD, False),
        (replace(NEW, category=IssueCategory.POWER), OLD, False),
        (replace(NEW, about_head=True), OLD, False),
        (replace(NEW, topic="stairs"), replace(OLD, topic="stairs"), True),
        (replace(NEW, topic="stairs"), OLD, True),
        (replace(NEW, topic="stairs"), replace(OLD, topic="door"), False),
        (replace(NEW, text="五楼楼道的灯不亮"), OLD, False),  # another floor
        (replace(NEW, text="3层楼道的灯不亮"), OLD, True),  # the same one, in other signs
        (replace(NEW, text="灯不亮", spot="十二楼"), replace(OLD, text="灯不亮", spot="12层"), True),
        (replace(NEW, text="灯不亮", spot="12楼"), replace(OLD, text="灯不亮", spot="2楼"), False),
        (
            replace(NEW, text="声控坏了", spot="2单元3楼"),
            replace(OLD, text="声控不灵", spot="2单元3楼"),
            True,
        ),
        (replace(NEW, text="声控坏了"), replace(OLD, text="声控不灵"), False),
        (replace(NEW, text="门口的灯罩碎了一地"), OLD, False),
        *((NEW, replace(OLD, state=state), state in ENDED_WELL) for state in IssueState),
    ],
)
def test_what_is_a_recurrence(new: Fault, old: Fault, again: bool) -> None:
    found = recurs(new, old)
    assert bool(found) is again, found
    assert found.reason.endswith("。")
