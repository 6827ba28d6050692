"""What a resident wrote with an event, and which WeChat account of our app they were last here with."""

from typing import Any

import sqlalchemy as sa
from flask import current_app

from models import WeChatAccount
from models.enums import Move

_accounts = WeChatAccount.__table__


def ours() -> dict[str, str]:
    """The parameter that says which app is ours."""
    return {"our_appid": current_app.extensions["settings"].wechat.appid}


def seen_at(person_id: sa.ColumnElement[Any]) -> sa.ScalarSelect[Any]:
    """When a person was last in our mini-program; NULL for nobody and for who never was."""
    return _latest(person_id, _accounts.c.seen_at)


def openid_sealed(person_id: sa.ColumnElement[Any]) -> sa.ScalarSelect[Any]:
    """The sealed openid that goes with `seen_at`."""
    return _latest(person_id, _accounts.c.openid_sealed)


def _latest(person_id: sa.ColumnElement[Any], column: sa.ColumnElement[Any]) -> sa.ScalarSelect[Any]:
    return (
        sa.select(column)
        .where(
            _accounts.c.person_id == person_id,
            _accounts.c.appid == sa.bindparam("our_appid"),
            _accounts.c.seen_at.is_not(None),
        )
        .order_by(_accounts.c.seen_at.desc(), _accounts.c.id)
        .limit(1)
        .scalar_subquery()
    )


def written(move: Move, event_text: str, issue_text: str) -> str:
    """What the resident wrote with an event: the report's text, or what stands below the law's own sentence."""
    return issue_text if move is Move.REPORT else event_text.partition("\n")[2].strip()
