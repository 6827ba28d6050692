"""What becomes of an issue by a move that may be made, and the sentence its timeline keeps (design §5)."""

from datetime import timedelta

from models.enums import IssueState, Level, Move, Triage
from server.rules.calendar import SHANGHAI
from server.rules.levels import superior
from server.rules.lifecycle_needs import RETURN_VISIT_WINDOW, level_above
from server.rules.moves import Cause, Details, IssueFacts, Mover, MoverKind, Step

S = IssueState


def step(facts: IssueFacts, move: Move, mover: Mover, details: Details, to: IssueState) -> Step:
    """The step of a move the law allows. `to`: the state the table leads to."""
    phone = "社区电话回访：" if mover.kind is MoverKind.STAFF else ""
    if move is Move.REOPEN or (move is Move.RATE and facts.state is S.RESOLVED and details.solved is False):
        above = superior(facts.resolved_level or facts.level, has_grid=facts.has_grid)
        return Step(S.REOPENED, above, f"{phone}上报人说还没好，交{above.zh}重新办理，记一次返工。", rework=True)
    if move is Move.CONFIRM or (move is Move.RATE and facts.state is S.RESOLVED and details.solved):
        return Step(S.CONFIRMED, facts.level, f"{phone}上报人确认已经解决，销号。")
    if move is Move.RATE:
        return Step(to, facts.level, f"{phone}上报人作了评价。")
    return Step(to, _to_level(facts, move, mover, details), _sentence(facts, move, mover, details))


def _to_level(facts: IssueFacts, move: Move, mover: Mover, details: Details) -> Level:
    match move:
        case Move.PASS_UP:
            return level_above(facts, mover)
        case Move.ASSIGN:
            return details.to_level or facts.level
        case Move.PUSH_BACK:
            return facts.passed_up_from or facts.level
    return facts.level


def _sentence(facts: IssueFacts, move: Move, mover: Mover, details: Details) -> str:
    who = mover.role.zh if mover.role else "上报人"
    level = _to_level(facts, move, mover, details)
    match move:
        case Move.PASS_UP if mover.kind is MoverKind.CLOCK:
            return f"{facts.level.zh}{(details.cause or Cause.DUE).zh}，自动转到{level.zh}办理。"
        case Move.PASS_UP:
            return f"{who}吹哨，转到{level.zh}办理。"
        case Move.ASSIGN if details.assignee is not None:
            return f"{who}交给{level.zh}的一位同事办理。"
        case Move.ASSIGN:
            return f"{who}交给{level.zh}办理。"
        case Move.PUSH_BACK:
            return f"{who}退回，由{level.zh}继续办理。"
        case Move.TRIAGE if details.triage is not None:
            return f"{who}定为{details.triage.zh}。{_LEADS_TO[details.triage]}"
        case Move.SUSPEND if details.until is not None:
            return f"{who}暂缓办理，到{_day(details)}为止，原因见下面。"
        case Move.ASK_EXTENSION:
            return f"{who}申请延期{details.workdays}个工作日，等上级决定。"
        case Move.GRANT_EXTENSION if facts.extension is not None:
            return f"{who}同意延期{facts.extension.workdays}个工作日。"
        case Move.FOLLOW_UP:
            more = f"{_next(details)}再来问。" if details.follow_up_at else ""
            return f"{who}跟进了这件私事。{more}"
        case Move.DECLINE:
            return f"不予受理，这件事由{details.responsible.strip()}负责。"
        case Move.CLOSE_SILENT:
            return f"办结后{RETURN_VISIT_WINDOW.days}天没有收到上报人的回音，按无回音结束，不算解决。"
    return _SAID.get(move, "{who}：" + move.zh + "。").format(who=who)


def _day(details: Details) -> str:
    """The last day of a suspension: one that ends at midnight does not take in the day that begins then."""
    until = (details.until - timedelta(seconds=1)).astimezone(SHANGHAI) if details.until else None
    return f"{until.year}年{until.month}月{until.day}日" if until else ""


def _next(details: Details) -> str:
    at = details.follow_up_at.astimezone(SHANGHAI) if details.follow_up_at else None
    return f"{at.month}月{at.day}日" if at else ""


_LEADS_TO = {
    Triage.BIG: "由政府有关部门办理。",
    Triage.SMALL: "由社区组织办理。",
    Triage.PRIVATE: "可以找邻居、志愿者或者市场上的服务帮忙，办理的人会再来问。",
}
_SAID = {
    Move.ACCEPT: "{who}已受理。",
    Move.START: "{who}开始办理。",
    Move.NOTE: "{who}补充了说明。",
    Move.RESOLVE: "{who}说已经办好，等上报人确认。",
    Move.JOIN: "与另一件相同的诉求并案办理，结果会一并告诉您。",
    Move.WITHDRAW: "上报人撤回了这件诉求。",
    Move.SIGN_IN: "{who}已签收。",
    Move.CONTACT: "{who}已联系上报人。",
    Move.RESUME: "{who}恢复办理。",
    Move.REFUSE_EXTENSION: "{who}不同意延期，按原来的期限办理。",
    Move.URGE: "{who}催办。",
}
