"""The state of an issue in plain words for the person who reported it. Pure: facts in, sentences out."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from models.enums import OPEN_STATES, IssueState, Level
from server.issues.queries import CalledView, IssueView, JoinedView
from server.rules.calendar import SHANGHAI
from server.rules.lifecycle import RETURN_VISIT_WINDOW

S = IssueState

# Who has it in hand: a role, never a name.
HOLDER: dict[Level, str] = {
    Level.HEAD: "楼栋长",
    Level.GRID: "网格员",
    Level.COMMUNITY: "社区居委会",
    Level.STREET: "街道",
    Level.DEPARTMENT: "职能部门",
    Level.DISTRICT: "区里",
}


@dataclass(frozen=True, slots=True)
class Headline:
    """The first thing on the status page. `tone` is the page's colour word: waiting, working, yours, good or ended."""

    title: str
    lines: tuple[str, ...]
    tone: str


def moment(at: datetime, now: datetime) -> str:
    """“10月12日 09:05” in Shanghai; with its year when that is not this one."""
    local, today = at.astimezone(SHANGHAI), now.astimezone(SHANGHAI)
    year = "" if local.year == today.year else f"{local.year}年"
    return f"{year}{local.month}月{local.day}日 {local:%H:%M}"


def headline(view: IssueView, now: datetime, joined: JoinedView | None = None) -> Headline:
    """What became of it, who has it, since when."""
    who = HOLDER[view.level]
    match view.state:
        case S.REPORTED:
            return Headline(f"已送到{who}，等受理", _in_hand(view, now), "waiting")
        case S.ACCEPTED:
            return Headline(f"{who}已经受理", _in_hand(view, now), "working")
        case S.IN_PROGRESS:
            return Headline(f"{who}正在办", _in_hand(view, now), "working")
        case S.REOPENED:
            return Headline(f"还没好，已交{who}重新办", _in_hand(view, now), "working")
        case S.RESOLVED:
            return Headline(f"{who}说办好了，请您看一看", _resolved(view, now), "yours")
        case S.CONFIRMED:
            return Headline("已经解决，销号了", _ended(view, now, "您确认已经解决"), "good")
        case S.CLOSED_SILENT:
            told = _ended(view, now, "一直没等到您的回音，先结束了")
            return Headline(
                "没等到回音，已结束", (*told, "这样结束的不算解决。问题还在的话，请扫楼道码再报一次。"), "ended"
            )
        case S.DECLINED:
            lines = (f"这件事由{view.responsible}负责。", *_last_words(view))
            return Headline("这件事不归这里办", lines, "ended")
        case S.DUPLICATE:
            return _joined(joined, now)
        case _:
            return Headline("您已经撤回", ("问题还在的话，请扫楼道码再报一次。",), "ended")


def _in_hand(view: IssueView, now: datetime) -> tuple[str, ...]:
    """Who has it since when, by when, and what was said of the deadline."""
    hands = view.hands
    lines = [f"{moment(hands.since, now)} 交到{hands.holder}手里。"]
    paused = hands.suspended_until is not None and hands.suspended_until > now
    if paused and hands.suspended_until is not None:
        last = (hands.suspended_until - timedelta(seconds=1)).astimezone(SHANGHAI)
        lines.append(f"暂缓办理，到{last.month}月{last.day}日为止：{hands.suspended_why}")
    if view.due_at:
        longer = f"，已延期{hands.extensions}次" if hands.extensions else ""
        late = "，已经过了期限" if view.due_at <= now and not paused else ""
        lines.append(f"应在 {moment(view.due_at, now)} 之前办好{longer}{late}。")
    if hands.extension_asked:
        lines.append(f"办理的人申请延期{hands.extension_asked}个工作日，等上级决定。")
    if hands.urged:
        lines.append(f"已催办{hands.urged}次。")
    return tuple(lines)


def _resolved(view: IssueView, now: datetime) -> tuple[str, ...]:
    lines = [f"做了什么：{view.outcome}"] if view.outcome else []
    if view.done_by and view.done_at:
        day = view.done_at.astimezone(SHANGHAI)
        lines.append(f"谁做的：{view.done_by}，{day.month}月{day.day}日。")
    if view.resolved_at:
        until = moment(view.resolved_at + RETURN_VISIT_WINDOW, now)
        lines.append(f"请在 {until} 之前说一声好没好。到时没有回音会结束，但不算解决。")
    return tuple(lines)


def _ended(view: IssueView, now: datetime, what: str) -> tuple[str, ...]:
    when = f"{moment(view.ended_at, now)} " if view.ended_at else ""
    outcome = (f"做了什么：{view.outcome}",) if view.outcome else ()
    return (f"{when}{what}。", *outcome)


def _last_words(view: IssueView) -> tuple[str, ...]:
    """What the handler wrote with the last move, without the law's own sentence."""
    _, _, written = view.timeline[-1].text.partition("\n") if view.timeline else ("", "", "")
    return (written,) if written else ()


def _joined(other: JoinedView | None, now: datetime) -> Headline:
    title = "和另一件相同的事并在一起办"
    if other is None:
        return Headline(title, (), "working")
    who = HOLDER[other.level]
    if other.state in OPEN_STATES:
        return Headline(title, _others_hand(other, who, now), "working")
    when = f"{moment(at, now)} " if (at := other.ended_at or other.resolved_at) else ""
    said = (f"做了什么：{other.outcome}",) if other.outcome else ()
    if other.state is S.RESOLVED:
        until = f"请在 {moment(other.resolved_at + RETURN_VISIT_WINDOW, now)} 之前" if other.resolved_at else "请"
        ask = f"{until}也说一声好没好，您说的也算数。"
        return Headline(
            f"{who}说办好了，请您看一看", (f"{when}和您报的是同一件事的那一件办结了。", *said, ask), "yours"
        )
    told: tuple[str, ...]
    if other.state is S.DECLINED:
        told = (f"{when}那一件没有受理，这件事由{other.responsible}负责。", "不是同一件事的，请扫楼道码再报一次。")
    elif other.state is S.CONFIRMED:
        told = (f"{when}那一件的上报人确认已经解决。",)
    elif other.state is S.CLOSED_SILENT:
        told = (f"{when}{who}说那一件办好了，没有等到上报人的回音。",)
    else:
        told = (f"{when}那一件已经结束。问题还在的话，请扫楼道码再报一次。",)
    return Headline(title, told + said, "good" if other.state is S.CONFIRMED else "ended")


def called(whistle: CalledView, now: datetime) -> str:
    """How a department that was called stands, in a sentence: since when, by when, what came of it."""
    since = f"{moment(whistle.sounded_at, now)}由{whistle.sounded_by}吹哨请来"
    if whistle.ended_at is not None:
        return f"{since}，{moment(whistle.ended_at, now)}{whistle.state_name}。"
    signed = "已签收" if whistle.signed_in_at else "还没有签收"
    late = "，已经超期，吹哨的一方会收到提醒" if now > whistle.due_at else ""
    return f"{since}，{signed}，应在{moment(whistle.due_at, now)}前反馈{late}。"


def _others_hand(other: JoinedView, who: str, now: datetime) -> tuple[str, ...]:
    """Who has the other one, and by when."""
    lines = [f"那一件现在在{who}手里：{other.state.zh}。"]
    if other.suspended_until and other.suspended_until > now:
        why = f"：{other.suspended_why}" if other.suspended_why else ""
        lines.append(f"暂缓办理到 {moment(other.suspended_until, now)}{why}")
    if other.due_at:
        lines.append(f"应在 {moment(other.due_at, now)} 之前办好。")
    return (*lines, "有结果会在这里告诉您。")
