"""Moving an issue along its life: the law decides, this writes the decision down, and history only grows."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from sqlalchemy.engine import Row

from models.enums import ENDED_STATES, Move, PhotoUse, Role
from server.core import access, audit, crypto
from server.core.access import Actor
from server.core.audit import Action
from server.core.errors import Problem, conflict, forbidden, not_found
from server.issues import hidden, queries
from server.issues.service.visits import answers_of, told
from server.issues.service.writing import decide, write
from server.photos import service as photos
from server.rules import lifecycle
from server.rules.lifecycle import Details, JoinTarget
from server.rules.moves import Assignee
from server.rules.permissions import Permission


@dataclass(frozen=True, slots=True)
class Wish:
    """What came with a move. Public ids: `target` of the issue to join, `assignee` of the colleague it is handed to."""

    details: Details = field(default_factory=Details)
    target: str = ""
    assignee: str = ""
    photo_ids: list[str] = field(default_factory=list)


def move_as_staff(actor: Actor, permission: Permission, public_id: str, move: Move, wish: Wish, now: datetime) -> str:
    """Make a move as somebody whose post covers the issue. Returns the issue's public id.

    Raises 404 out of scope, 403 without the right there or for a return visit in a building one heads, 409 with the
    law's reason when the move is not possible now.
    """
    row = queries.lock_for_staff(actor, permission, public_id)
    if permission is Permission.ISSUE_VISIT and actor.heads(row.building_id):
        raise forbidden("您是这栋楼的楼栋长，回访要由同事来做。")
    role = acting_role(actor, permission, row)
    details = wish.details
    if move is Move.JOIN:
        target = queries.lock_for_staff(actor, permission, wish.target)
        if target.community_id != row.community_id:
            raise conflict("target_differs", "只能并到同一个社区的诉求。")
        details = replace(details, target=JoinTarget(target.id, target.state, target.about_head))
    if move is Move.ASSIGN:
        details = _with_hands(row, details, wish.assignee, now)
    if permission is Permission.ISSUE_VISIT:
        details = replace(details, caller=details.caller or actor.name)
    details = replace(details, photos=len(wish.photo_ids))
    step = decide(row, move, lifecycle.staff(role, actor.person_id), details, now)
    noted = answers_of(move, step, details)
    if noted and (refusal := lifecycle.contradicts(told(row), noted)):
        raise conflict(refusal.code, refusal.reason)
    write(row, move, step, details, now, actor_id=actor.person_id, role=role)
    if wish.photo_ids:
        use = PhotoUse.DONE if move is Move.RESOLVE else PhotoUse.EVIDENCE
        photos.attach(wish.photo_ids, issue_id=row.id, uploaded_by_id=actor.person_id, now=now, use=use)
    return public_id


def _with_hands(row: Row[Any], details: Details, assignee: str, now: datetime) -> Details:
    """Whether those an issue is handed to may have it: a colleague of the holder, or somebody on the level below."""
    if assignee:
        found = next((one for one in queries.standing(row.id, row.level, now) if one.public_id == assignee), None)
        return replace(details, assignee=Assignee(found.person_id if found else 0, stands=found is not None))
    if details.to_level is None:
        return details
    return replace(details, staffed=bool(queries.standing(row.id, details.to_level, now)))


def move_as_reporter(row: Row[Any], move: Move, details: Details, now: datetime) -> None:
    """Make a move on one's own report; `row` comes from `queries.lock_own` or `queries.lock_claimed`.

    Raises 409 with the law's reason when the move is not possible now.
    """
    step = decide(row, move, lifecycle.reporter(hidden.reporter_of(row)), details, now)
    write(row, move, step, details, now, actor_id=None, role=None)


def reveal_contact(actor: Actor, public_id: str, reason: str, now: datetime) -> str:
    """The phone the reporter left, for a handler who says why. Audited; only while the issue is being handled."""
    row = queries.lock_for_staff(actor, Permission.ISSUE_CONTACT, public_id)
    if row.contact_sealed is None:
        raise Problem(404, "no_contact", "上报人没有留电话，请在进展里说明情况，上报人凭查询码可以看到。")
    if row.state in ENDED_STATES and not queries.is_worked_on_elsewhere(row):
        raise conflict("ended", "这件事已经结束，不再查看上报人的电话。")
    role = acting_role(actor, Permission.ISSUE_CONTACT, row)
    if role is Role.DEPARTMENT and not _still_called(actor, row.id):
        raise conflict("whistle_ended", "对本部门的吹哨已经结束，不再查看上报人的电话。")
    audit.record(
        Action.ISSUE_REVEAL,
        now,
        actor=actor,
        role=role,
        subject=f"issue:{public_id}",
        place_id=row.building_id,
        detail={"field": "contact", "reason": reason},
    )
    return crypto.open_sealed(row.contact_sealed, "issues.contact_sealed")


def _still_called(actor: Actor, issue_id: int) -> bool:
    """Whether a whistle to a department the actor stands for waits for its answer."""
    mine = queries.departments_of(actor)
    return any(each.ended_at is None and each.department_id in mine for each in queries.whistles_on(issue_id))


def acting_role(actor: Actor, permission: Permission, row: Row[Any]) -> Role:
    """The highest of the actor's roles that covers this issue and includes the permission."""
    covering = [post.role for post in actor.posts_granting(permission) if access.covers(post, row)]
    if not covering:
        raise not_found()
    return max(covering, key=lambda role: list(Role).index(role))
