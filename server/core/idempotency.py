"""Answering a repeated POST as the first time.

Phones in stairwells repeat requests. A client sends the same `Idempotency-Key` (a form: the hidden field `once`) with the
same body; the first successful answer is kept for seven days and given again. Another body under the same key is refused.
The key belongs to who sent it and where, so nobody is answered with somebody else's answer.
"""

import json
import re
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from flask import Response, current_app, g, request
from sqlalchemy.exc import IntegrityError

from models import IdempotencyKey
from server.core import access, clock, crypto, database
from server.core.errors import Problem
from server.core.hot import Hot

KEPT = timedelta(days=7)
HEADER = "Idempotency-Key"
FORM_FIELD = "once"
FORMS = ("multipart/", "application/x-www-form-urlencoded")
SHAPE = re.compile(r"[A-Za-z0-9_-]{16,80}")
KEPT_HEADERS = ("Content-Type", "Location", "ETag")
ANYONE = "anyone"
_SEALED = "idempotency_keys.answer_sealed"

_FIND = Hot(
    sa.select(
        IdempotencyKey.owner, IdempotencyKey.request_hash, IdempotencyKey.status, IdempotencyKey.answer_sealed
    ).where(
        IdempotencyKey.owner.in_([sa.bindparam("o"), sa.bindparam("a")]),
        IdempotencyKey.key == sa.bindparam("k"),
    )
)
_KEEP = Hot(sa.insert(IdempotencyKey), ("owner", "key", "request_hash", "status", "answer_sealed", "created_at"))


def key_of_request() -> str | None:
    """The key this request carries. Raises 422 for one that could be guessed or is too long."""
    key = request.headers.get(HEADER) or (request.form.get(FORM_FIELD) if request.mimetype.startswith(FORMS) else None)
    if not key:
        return None
    if not SHAPE.fullmatch(key):
        raise Problem(422, "bad_idempotency_key", "Idempotency-Key 应为 16 到 80 位字母、数字、- 或 _。")
    return key


class Attempt:
    """One keyed request: replay the answer if there is one, otherwise remember the answer that is about to be given."""

    def __init__(self, key: str) -> None:
        actor = access.current_actor()
        system = request.headers.get("X-Api-Key")  # in the body it makes the body another one
        whose = _person(actor.person_id) if actor else f"system {system}" if system else ANYONE
        self.owner = _owner(whose, request.path)
        self.anybodys = _owner(ANYONE, request.path)
        self.key = key
        self.request_hash = crypto.blind_index(_body(), "idempotency_keys.request_hash")

    def replay(self) -> Response | None:
        """The answer given before. Raises 422 when the body differs."""
        kept = {row[0]: row for row in _FIND.all({"o": self.owner, "a": self.anybodys, "k": self.key})}
        found = kept.get(self.owner)
        if found is None:  # what `keep_as_anybodys` kept of this very request
            found = kept.get(self.anybodys)
            if found is None or found[1] != self.request_hash:
                return None
        _, request_hash, status, answer_sealed = found
        if request_hash != self.request_hash:
            raise Problem(422, "key_reused", "同一个 Idempotency-Key 不能用于不同的内容，请换一个新的。")
        answer = json.loads(crypto.open_sealed(answer_sealed, _SEALED))
        response = current_app.response_class(answer["body"], status=status)
        response.headers.update(answer["headers"])
        response.headers["Idempotent-Replay"] = "true"
        return response

    def remember(self, response: Response) -> None:
        """Keep a successful answer, in the same transaction as what it announces."""
        if response.status_code >= 400:
            return
        headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
        kept = json.dumps({"body": response.get_data(as_text=True), "headers": headers}, ensure_ascii=False)
        try:
            _KEEP.run(
                {
                    "owner": self.anybodys if g.get("anybodys") else self.owner,
                    "key": self.key,
                    "request_hash": self.request_hash,
                    "status": response.status_code,
                    "answer_sealed": crypto.seal(kept, _SEALED),
                    "created_at": clock.now(),
                }
            )
        except IntegrityError:
            # The same request arrived twice at once and the other one won: undo ours and let it be asked again.
            raise Problem(
                409, "in_progress", "同一个请求正在处理，请稍后重试。", headers={"Retry-After": "1"}
            ) from None


def _person(person_id: int) -> str:
    return f"person {person_id}"


def _owner(whose: str, path: str) -> bytes:
    return crypto.blind_index(f"{whose} POST {path}", "idempotency_keys.owner")


def keep_as_anybodys() -> None:
    """Remember this request's answer as if nobody were signed in: not even with our key can it be joined to them."""
    g.anybodys = True


def forget_answers(person_id: int, path: str) -> None:
    """Delete the remembered answers of one person at one address: a repetition there is done anew."""
    owned = IdempotencyKey.owner == _owner(_person(person_id), path)
    database.connection().execute(sa.delete(IdempotencyKey).where(owned))


def idempotent(view: Any) -> Any:
    """Mark a view whose POST may be repeated safely."""
    view.__idempotent__ = True
    return view


def _body() -> str:
    """The body as sent; a form by its fields: a boundary differs each time, and a form that was read has no body left."""
    if not request.mimetype.startswith(FORMS):
        return request.get_data(as_text=True)
    # A part without a readable name has none, and None does not sort beside text.
    parts = sorted(f"{name}={value}" for name, value in request.form.items(multi=True))
    for name, file in sorted(request.files.items(multi=True), key=lambda item: str(item[0])):
        parts.append(f"{name}:{crypto.digest(file.stream)}")
    return "\n".join(parts)


def forget_old(now: Any) -> int:
    """Delete keys older than seven days. Returns how many."""
    done = database.connection().execute(sa.delete(IdempotencyKey).where(IdempotencyKey.created_at < now - KEPT))
    return done.rowcount
