"""A stairwell whose reports are checked, with a WeChat whose words the test chooses.

check     `Checking`: report, let the relay work, look at the checks, decide, push a verdict
"""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from models import ContentCheck, IssueEvent, WeChatAccount
from models.enums import CheckState, OutboxKind, Role
from server.core import crypto, outbox
from server.core.database import transaction
from server.jobs import relay
from server.moderation import service
from tests.server.photos.album import kept
from tests.world import Caller, Spot, World
from wechat.gateway import Suggestion, Verdict, WeChatError

OPENID = "oSECRETsecretSECRETsecret001"
# Messages are left to their own tests: this WeChat sends none.
HANDLERS: dict[OutboxKind, outbox.Handler] = {
    kind: relay.HANDLERS[kind] for kind in (OutboxKind.ISSUE_EVENT, OutboxKind.CONTENT_CHECK)
}


@dataclass
class ChosenWeChat:
    """A gateway for content checks alone: answers what the test says, and keeps what it was asked."""

    verdict: Verdict | WeChatError = field(default_factory=lambda: Verdict(Suggestion.PASS, 100, "t"))
    order: str | WeChatError = "trace-1"
    texts: list[tuple[str, str]] = field(default_factory=list)
    urls: list[tuple[str, str]] = field(default_factory=list)
    during: Any = None  # called while WeChat thinks

    def check_text(self, text: str, openid: str) -> Verdict:
        self.texts.append((text, openid))
        if self.during:
            self.during()
        if isinstance(self.verdict, WeChatError):
            raise self.verdict
        return self.verdict

    def check_photo(self, url: str, openid: str) -> str:
        self.urls.append((url, openid))
        if self.during:
            self.during()
        if isinstance(self.order, WeChatError):
            raise self.order
        return self.order


class Checking:
    """One building, its community's clerk, a reporter with the mini-program in hand."""

    def __init__(self, world: World, wechat: ChosenWeChat) -> None:
        self.world, self.wechat = world, wechat
        self.community = world.community()
        self.building = world.building(world.grid(self.community))
        self.clerk = world.staff(Role.COMMUNITY, self.community)
        self.reporter = world.resident()
        self.seen()

    def seen(self, appid: str = "") -> None:
        """The reporter opens the mini-program now."""
        appid = appid or self.world.app.extensions["settings"].wechat.appid
        now = self.world.clock.now()
        with self.world.writing() as connection:
            connection.execute(sa.delete(WeChatAccount).where(WeChatAccount.person_id == self.reporter.person_id))
            connection.execute(
                sa.insert(WeChatAccount).values(
                    person_id=self.reporter.person_id,
                    appid=appid,
                    openid_sealed=crypto.seal(OPENID, "wechat_accounts.openid_sealed"),
                    openid_index=crypto.blind_index(f"{OPENID}{self.reporter.person_id}", "wechat_accounts.openid"),
                    seen_at=now,
                    created_at=now,
                )
            )

    def report(self, text: str = "三楼水管漏水", *, photos: int = 0, anonymous: bool = False, **more: Any) -> str:
        """Report by the stairwell code. Returns the issue's id."""
        caller = self.world.anyone() if anonymous else self.reporter
        ids = [kept(caller, **self._upload(anonymous)) for _ in range(photos)]
        body = {"category": "leak", "text": text, "photo_ids": ids, **more}
        if anonymous:
            answer = caller.post(f"/api/v1/codes/{self.building.stairwell_code}/issues", json=body)
        else:
            answer = caller.post("/api/v1/issues", json={**body, "code": self.building.stairwell_code})
        assert answer.status_code == 201, answer.get_data(as_text=True)
        return str(answer.json["id"])

    def _upload(self, anonymous: bool) -> dict[str, Any]:
        return {"url": f"/api/v1/codes/{self.building.stairwell_code}/photos"} if anonymous else {}

    def ask(self) -> int:
        """Have every event looked at, before WeChat is asked anything. Returns how many checks were made."""
        with self.world.app.app_context(), transaction() as connection:
            events = connection.execute(sa.select(IssueEvent.id)).scalars().all()
            return sum(service.ask_for_event(event, self.world.clock.now()) for event in events)

    def work(self) -> list[str]:
        """Let the relay do what is due. Returns what became of each check it had in hand."""
        done = [entry.partition(" ") for entry in relay.run(self.world.app, HANDLERS)]
        return [word for kind, _, word in done if kind == OutboxKind.CONTENT_CHECK]

    def checks(self) -> list[Any]:
        """Every check, in order."""
        with self.world.reading() as connection:
            return list(connection.execute(sa.select(ContentCheck.__table__).order_by(ContentCheck.id)))

    def states(self) -> list[CheckState]:
        return [check.state for check in self.checks()]

    def push(
        self, suggestion: str | None = "pass", label: int | None = 100, *, errcode: int = 0, trace: str = "trace-1"
    ) -> bool:
        """WeChat pushes a verdict."""
        with self.world.writing():
            return service.take_verdict(trace, suggestion, label, errcode, self.world.clock.now())

    def overdue(self) -> int:
        """The job that looks for what waited too long."""
        with self.world.writing():
            return service.queue_overdue(self.world.clock.now())

    def decide(
        self, passes: bool, reason: str = "", *, by: Caller | None = None, version: int | None = None, at: int = 0
    ) -> Any:
        """The clerk decides a check, seen just now unless `version` says otherwise."""
        row = self.checks()[at]
        return (by or self.clerk).post(
            f"/api/v1/moderation/{row.public_id}/decide",
            json={"pass": passes, "reason": reason},
            headers={"If-Match": f'"{row.version if version is None else version}"'},
        )

    def queue(self, caller: Caller | None = None, **query: Any) -> list[dict[str, Any]]:
        """The review queue as somebody sees it."""
        answer = (caller or self.clerk).get("/api/v1/moderation", query_string=query)
        assert answer.status_code == 200, answer.get_data(as_text=True)
        return list(answer.json["items"])

    def public(self, building: Spot | None = None) -> list[dict[str, Any]]:
        """What anybody in the stairwell sees, over the API. The page must tell no more."""
        code = (building or self.building).stairwell_code
        answer = self.world.anyone().get(f"/api/v1/codes/{code}/issues")
        assert answer.status_code == 200
        page = self.world.anyone().get(f"/q/{code}")
        assert page.status_code == 200
        self.page = page.get_data(as_text=True)
        items = list(answer.json["items"])
        assert self.page.count('<p class="said">') == sum(bool(item["excerpt"]) for item in items)
        return items

    def forward(self, **later: int) -> None:
        self.world.clock.advance(timedelta(**later))


@pytest.fixture
def wechat() -> ChosenWeChat:
    return ChosenWeChat()


@pytest.fixture
def check(app: Flask, world: World, wechat: ChosenWeChat) -> Iterator[Checking]:
    settings, gateway = app.extensions["settings"], app.extensions["wechat"]
    app.extensions["settings"] = replace(settings, wechat=replace(settings.wechat, content_check=True))
    app.extensions["wechat"] = wechat
    yield Checking(world, wechat)
    app.extensions["wechat"] = gateway
