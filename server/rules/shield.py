"""The reporter's shield: what each kind of report keeps, who may ask to see a hidden reporter, who decides (design §1).

Two people and a reason open a hidden reporter: one asks, another decides, only the one who asked looks, within a day, and
the reporter is told. Nobody whom the issue is about, and nobody who heads its building, takes part.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from models.enums import Anonymity, Role
from server.rules.decision import Refusal

LOOK_WINDOW = timedelta(hours=24)  # how long a granted request may be used
ABOVE_THE_COMMUNITY = frozenset({Role.STREET, Role.DISTRICT})

# What each choice means, in one line for whoever makes it.
MEANS: dict[Anonymity, str] = {
    Anonymity.OPEN: "不显示您是谁；您留了电话的，办理的人写明理由才能看。",
    Anonymity.HIDDEN: "您是谁加密保存，办理的人看不到；要看须两个人同意，并且会告诉您。",
    Anonymity.NONE: "什么都不存，只凭查询码看进展；查询码丢了，谁也找不回来。",
}
# What is said once it was filed so.
KEPT: dict[Anonymity, str] = {
    Anonymity.OPEN: "",
    Anonymity.HIDDEN: "您选了保密：办理的人看不到您是谁。",
    Anonymity.NONE: "您没有留身份：请保管好查询码，丢了谁也帮不了您。",
}


def filing(kind: Anonymity, *, known: bool, phone: bool) -> Refusal | None:
    """Why a report cannot be kept so. `known`: the reporter is signed in; `phone`: a number came with it."""
    if kind is Anonymity.NONE and phone:
        return Refusal("nothing_kept", "选了“不留身份”，电话也不会存。请清空电话，或者改选“对办理人员保密”。")
    if kind is Anonymity.HIDDEN and not known and not phone:
        return Refusal("nobody_to_keep", "要保密，请留一个电话（办理的人看不到）；什么都不想留，请选“不留身份”。")
    return None


@dataclass(frozen=True, slots=True)
class Issue:
    """What the law of openings needs to know of an issue. `kept`: there still is something sealed to open."""

    anonymity: Anonymity
    kept: bool
    about_head: bool


@dataclass(frozen=True, slots=True)
class Official:
    """Somebody of the office who asks or decides, in the highest role that covers the issue.

    `heads_it`: heads its building, or did since it was reported. `handled_it`: worked on it. `reported_it`: is its reporter.
    """

    role: Role
    heads_it: bool = False
    handled_it: bool = False
    reported_it: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """A request as it stands. `mine`: the one who acts now is the one who asked."""

    mine: bool
    granted: bool | None = None
    decided_at: datetime | None = None


def ask(issue: Issue, asker: Official, *, waiting: bool) -> Refusal | None:
    """Why somebody may not ask to see who reported an issue. `waiting`: another request waits for its decision."""
    if issue.anonymity is Anonymity.NONE:
        return Refusal("nothing_kept", "上报人没有留身份，系统里什么都没有存，谁也看不到。请在进展里说明情况。")
    if issue.anonymity is Anonymity.OPEN:
        return Refusal("not_hidden", "这件事没有对办理人员保密。上报人留了电话的，请在“上报人的电话”里写明理由查看。")
    if asker.heads_it:
        return Refusal("heads_it", "您是这栋楼的楼栋长，或者上报以后当过，不能申请查看上报人。")
    if not issue.kept:
        return Refusal("not_kept", "上报人的身份已经删除，没有可以查看的了。")
    if waiting:
        return Refusal("already_asked", "已经有一个申请在等审批，请等结果。")
    return None


def decide(
    issue: Issue, request: Request, decider: Official, *, grants: bool, answer: str, others: bool
) -> Refusal | None:
    """Why somebody may not decide so about a request. `others`: somebody who did not work on the issue could decide."""
    if request.granted is not None:
        return Refusal("already_decided", "这个申请已经有结果了。")
    if request.mine:
        return Refusal("second_person", "申请的人不能自己批，请另一位同事来审批。")
    if decider.heads_it:
        return Refusal("heads_it", "您是这栋楼的楼栋长，或者上报以后当过，不能审批查看上报人。")
    if issue.about_head and decider.role not in ABOVE_THE_COMMUNITY:
        return Refusal("above_only", "这件事与楼栋长有关，查看上报人要由街道或区里审批。")
    if decider.reported_it:
        return Refusal("own_report", "这个申请要由别的同事来审批。")
    if decider.handled_it and others:
        return Refusal("handled_it", "您办过这件事，请由没有办过的同事或者上一级来审批。")
    if grants and not issue.kept:
        return Refusal("not_kept", "上报人的身份已经删除，没有可以查看的了。")
    if not grants and not answer.strip():
        return Refusal("answer_missing", "不同意请写明理由，申请的人和上报人都会看到。")
    return None


def look(request: Request, now: datetime) -> Refusal | None:
    """Why a granted request opens nothing now."""
    if not request.mine:
        return Refusal("asker_only", "只有申请的人本人可以看。要看请自己申请。")
    if request.granted is None or request.decided_at is None:
        return Refusal("not_decided", "申请还没有审批，请等另一位同事的决定。")
    if not request.granted:
        return Refusal("refused", "申请没有同意，不能查看。")
    if now - request.decided_at >= LOOK_WINDOW:
        return Refusal("too_late", "同意以后 24 小时内可以看，现在已经过了。还需要的话，请重新申请。")
    return None
