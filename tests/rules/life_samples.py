"""Issues and wishes to try the law of their life on: everything a move may ask for is there."""

from datetime import UTC, datetime, timedelta

from models.enums import IssueState, Level, Satisfaction, Triage
from server.rules.lifecycle import RETURN_VISIT_WINDOW, Details, IssueFacts, JoinTarget

NOON = datetime(2026, 11, 20, 4, tzinfo=UTC)
HANDLER, COLLEAGUE = 7, 8
FULL = Details(
    text="已更换三楼声控灯",
    responsible="燃气公司 电话96777",
    target=JoinTarget(2, IssueState.ACCEPTED),
    contacted=True,
    satisfaction=Satisfaction.SATISFIED,
    caller="李敏",
    triage=Triage.BIG,
    until=NOON + timedelta(days=5),
    workdays=3,
    done_by="物业电工",
    photos=1,
)
_AFTER = {IssueState.RESOLVED, IssueState.CONFIRMED, IssueState.CLOSED_SILENT}


def issue(state: IssueState = IssueState.REPORTED, level: Level = Level.COMMUNITY, **more: object) -> IssueFacts:
    """An issue in the community's hands, due in three days; once resolved, by HANDLER a week ago."""
    done = {"resolved_by_person_id": HANDLER, "resolved_level": level, "resolved_at": NOON - RETURN_VISIT_WINDOW}
    known = {"due_at": NOON + timedelta(days=3), **(done if state in _AFTER else {}), **more}
    return IssueFacts(state, level, issue_id=1, **known)  # type: ignore[arg-type]
