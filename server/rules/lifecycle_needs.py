"""What has to come with a move: words, names, dates, answers (design §5)."""

from datetime import datetime, timedelta

from models.enums import ENDED_STATES, IssueState, Level, Move, Triage
from server.rules.decision import Refusal
from server.rules.levels import superior
from server.rules.lifecycle_who import WORD_OF_REPORTER
from server.rules.moves import Details, IssueFacts, JoinTarget, Mover, MoverKind

RETURN_VISIT_WINDOW = timedelta(days=7)  # silence after a resolution for this long ends the issue without a word
RATING_WINDOW = timedelta(days=30)  # an ended issue can still be rated this long after its resolution, not for ever
SUSPEND_LEAST, SUSPEND_MOST = timedelta(days=1), timedelta(days=90)
FOLLOW_UP_MOST = timedelta(days=60)
EXTENSION_MOST = 15  # working days

S = IssueState
_TEXT_MISSING = {
    Move.RESOLVE: "请写明做了什么，比如“已更换三楼声控灯”，再点办结。",
    Move.NOTE: "请写上要说明的内容。",
    Move.FOLLOW_UP: "请写明跟进的情况，比如“邻居已帮忙疏通”。",
    Move.SUSPEND: "请写明为什么要暂缓，比如“等厂家发货”。上报人会看到。",
    Move.ASK_EXTENSION: "请写明为什么需要更多时间。",
    Move.REFUSE_EXTENSION: "请写明为什么不同意延期。",
    Move.PUSH_BACK: "请写明为什么退回、需要下级做什么。",
}


def needs(facts: IssueFacts, move: Move, mover: Mover, details: Details, now: datetime) -> Refusal | None:
    """What is missing or wrong in what came with the move; None when it is complete."""
    if move in _TEXT_MISSING and not details.text.strip():
        return Refusal("text_missing", _TEXT_MISSING[move])
    if mover.kind is MoverKind.STAFF and move in WORD_OF_REPORTER and not details.caller.strip():
        return Refusal("caller_missing", "请写明是谁打的电话。")
    match move:
        case Move.RESOLVE:
            return _resolve(facts, details, now)
        case Move.DECLINE if not details.responsible.strip():
            return Refusal("responsible_missing", "不予受理要写明这件事由谁负责，比如“燃气公司 电话96777”。")
        case Move.JOIN:
            return _join(facts, details.target)
        case Move.PASS_UP:
            return _pass_up(facts, mover, details.to_level)
        case Move.ASSIGN:
            return _assign(facts, details)
        case Move.RATE:
            return _rate(facts, details, now)
        case Move.TRIAGE:
            return _triage(facts, details)
        case Move.FOLLOW_UP if details.follow_up_at is not None:
            if not now < details.follow_up_at <= now + FOLLOW_UP_MOST:
                return Refusal("date_wrong", f"下次跟进要在今天以后，{FOLLOW_UP_MOST.days}天以内。")
        case Move.SUSPEND:
            if details.until is None or not now + SUSPEND_LEAST <= details.until <= now + SUSPEND_MOST:
                days = f"{SUSPEND_LEAST.days}天以后、{SUSPEND_MOST.days}天以内"
                return Refusal("date_wrong", f"请写明暂缓到哪一天：{days}。")
        case Move.ASK_EXTENSION if not 1 <= (details.workdays or 0) <= EXTENSION_MOST:
            return Refusal("workdays_wrong", f"请写明要延期几个工作日：1到{EXTENSION_MOST}个。")
        case Move.CLOSE_SILENT if facts.resolved_at is None or now - facts.resolved_at < RETURN_VISIT_WINDOW:
            return Refusal("window_open", f"办结后要留{RETURN_VISIT_WINDOW.days}天给上报人回音，现在还不能结束。")
    return None


def _resolve(facts: IssueFacts, details: Details, now: datetime) -> Refusal | None:
    if not details.done_by.strip():
        return Refusal("done_by_missing", "请写明是谁做的，比如“物业电工”。")
    if details.done_at is not None and details.done_at > now:
        return Refusal("done_at_wrong", "办好的时间不能在现在以后。还没有办好的，请先写进展说明。")
    if details.done_at is not None and facts.reported_at is not None and details.done_at < facts.reported_at:
        return Refusal("done_at_wrong", "办好的时间不能早于上报的时间，请核对。")
    if facts.photo_required and not details.photos:
        return Refusal("photo_missing", "这类问题办结要有一张办好以后的照片，请拍一张再点办结。")
    return None


def _rate(facts: IssueFacts, details: Details, now: datetime) -> Refusal | None:
    if details.contacted is None and details.solved is None and details.satisfaction is None:
        return Refusal("answers_missing", "联系您了吗、解决了吗、满意吗，请至少回答一个。")
    if facts.state in ENDED_STATES and facts.resolved_at and now - facts.resolved_at > RATING_WINDOW:
        return Refusal("too_late", "这件事办结已超过30天，不再评价。问题还在的话，请重新上报一件。")
    return None


def _triage(facts: IssueFacts, details: Details) -> Refusal | None:
    if details.triage is None:
        return Refusal("triage_missing", f"请选择：{'、'.join(kind.zh for kind in Triage)}。")
    if details.triage is facts.triage:
        return Refusal("already_decided", f"已经定为{facts.triage.zh}。")
    if facts.suggested is not None and details.triage is not facts.suggested and not details.text.strip():
        return Refusal("reason_missing", f"系统建议的是{facts.suggested.zh}，改定为{details.triage.zh}要写明理由。")
    return None


def _assign(facts: IssueFacts, details: Details) -> Refusal | None:
    to, colleague = details.to_level, details.assignee
    if (to is None) == (colleague is None):
        return Refusal("target_missing", "请选择交给哪一级，或者交给哪一位同事，二者选一。")
    if colleague is not None:
        if colleague.stands:
            return None
        return Refusal("not_staffed", f"这位同事现在没有{facts.level.zh}这一级覆盖本楼的任职，请选别人。")
    if to is None or to is Level.DEPARTMENT or to.height >= facts.level.height:
        return Refusal("level_not_lower", f"这件事在{facts.level.zh}，只能往下交办；请部门办理的，请用“吹哨部门”。")
    if facts.about_head and to is Level.HEAD:
        return Refusal("about_head", "这件事与楼栋长有关，不能交给楼栋长办理。")
    if to is Level.GRID and not facts.has_grid:
        return Refusal("level_missing", "这栋楼没有网格员，请交给别的一级。")
    if not details.staffed:
        return Refusal("not_staffed", f"{to.zh}这一级现在没有可以办理的人，请交给别的一级。")
    return None


def _join(facts: IssueFacts, target: JoinTarget | None) -> Refusal | None:
    if target is None:
        return Refusal("target_missing", "请选择要并到哪一件。")
    if target.issue_id == facts.issue_id:
        return Refusal("target_is_self", "不能并到自己，请选择另外一件。")
    if target.state is S.DUPLICATE:
        return Refusal("target_joined", "那一件已经并到别的诉求里，请并到最早的那一件。")
    if target.state in ENDED_STATES:
        return Refusal("target_ended", "那一件已经结束，并过去就没有人办了。请按新的诉求办理。")
    if target.about_head != facts.about_head:
        return Refusal("target_differs", "两件里只有一件与楼栋长本人有关，不能并案，请分开办理。")
    if facts.has_joiners:
        return Refusal("has_joiners", "已有别的诉求并到这一件，请反过来把那一件并过来。")
    return None


def level_above(facts: IssueFacts, mover: Mover) -> Level:
    """Where the mover passes it up to: the level above whoever of mover and holder stands higher."""
    level = mover.level
    above = level if level and level.height > facts.level.height else facts.level
    return superior(above, has_grid=facts.has_grid)


def _pass_up(facts: IssueFacts, mover: Mover, asked: Level | None) -> Refusal | None:
    to = level_above(facts, mover)
    if asked is Level.DEPARTMENT:
        return Refusal("use_whistle", "请职能部门办理的，由社区、街道或区用“吹哨部门”。")
    if asked is not None and asked is not to:
        return Refusal("level_not_next", f"吹哨上报一次报一级，请报给{to.zh}。")
    return None
