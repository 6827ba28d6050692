"""A running sandbox and its levers: what a test says instead of tapping on a phone or clicking in WeChat's console."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from wechat.sandbox import events, media
from wechat.sandbox.clock import Clock
from wechat.sandbox.codes import Code, Codes
from wechat.sandbox.content import Content
from wechat.sandbox.faults import Faults
from wechat.sandbox.ledger import Ledger
from wechat.sandbox.letters import Form, Letter, Mode, Spoil
from wechat.sandbox.media import Media, MediaCheck
from wechat.sandbox.messages import Message, Messages, Template
from wechat.sandbox.pages import Pages
from wechat.sandbox.phones import Phones
from wechat.sandbox.pushes import Attempt, Callback, Post, Push, Pushes
from wechat.sandbox.quotas import Quotas
from wechat.sandbox.risk import Risk
from wechat.sandbox.service import Service
from wechat.sandbox.world import App, World


@dataclass(frozen=True, slots=True)
class RunningSandbox:
    """A sandbox that is being served: where it is, and its levers. `user` is always a name such as 王大姐."""

    base_url: str
    appid: str
    secret: str = field(repr=False)
    world: World = field(repr=False)

    @property
    def ledger(self) -> Ledger:
        return self.world.ledger

    @property
    def faults(self) -> Faults:
        return self.world.faults

    @property
    def clock(self) -> Clock:
        return self.world.clock

    def reset(self) -> None:
        """Templates, agreements, codes, callback, words, quotas, faults, requests and clock: as on the first day."""
        self.world.empty()

    # People and apps

    def login_code(self, user: str, appid: str | None = None) -> str:
        """What `wx.login` would have given this person's phone."""
        return self.world.issue_code(user, appid or self.appid, self.clock.now()).value

    def openid(self, user: str, appid: str | None = None) -> str:
        """This person's openid; whoever a test names has one."""
        self.world.meet(user)
        return self.world.openid(user, appid or self.appid)

    def block(self, user: str, blocked: bool = True) -> None:
        self.world.block(user, blocked)

    def visit(self, user: str) -> None:
        """This person opens the mini-program now: for two hours their words may be checked."""
        self.world.come_in(user, self.appid, self.clock.now())

    def session_key(self, user: str) -> str | None:
        return self.world.session_keys.get(self.world.openid(user, self.appid))

    def add_app(self, appid: str, secret: str, *, open_platform: str | None = None) -> App:
        app = self.world.apps[appid] = App(appid, secret, open_platform)
        return app

    def phone(self, user: str, number: str, country: str | int = "86") -> None:
        """Give this person a phone number."""
        self.world.room(Phones).set(user, number, country)

    def phone_code(self, user: str, appid: str | None = None) -> str:
        """What the getPhoneNumber button would have given this person's phone."""
        return self.world.room(Phones).issue(user, appid or self.appid, self.clock.now())

    def risk(self, user: str, rank: int = 0) -> None:
        """Let the app ask for risk ranks, and give this person one."""
        room = self.world.room(Risk)
        room.enabled = True
        room.ranks[user] = rank

    # Subscribe messages

    def template(
        self,
        id: str,
        fields: Iterable[str] | Mapping[str, str],
        *,
        long_term: bool = False,
        title: str = "",
        options: Mapping[str, Sequence[str]] | None = None,
        banned: bool = False,
    ) -> Template:
        """Register a template; `fields` are keys such as `thing1`, or keys with their labels."""
        labels = dict(fields) if isinstance(fields, Mapping) else {key: key for key in fields}
        values = {key: list(listed) for key, listed in (options or {}).items()}
        template = Template(id, labels, long_term, title or id, values, banned)
        self.world.room(Messages).register(template)
        return template

    def read_templates(self, file: Path) -> None:
        """Know every template of a product's file: by kind of message `{"template": id, "fields": {key: …}}`."""
        try:
            for kind, entry in json.loads(file.read_text(encoding="utf-8")).items():
                lasting = entry.get("long_term", False)
                self.template(
                    entry["template"], list(entry["fields"]), long_term=lasting, title=entry.get("title", kind)
                )
        except (AttributeError, KeyError, TypeError) as error:
            raise ValueError(f"{file} holds no templates: {error}") from None

    def grant(self, user: str, template: str, *, times: int = 1, long_term: bool | None = None) -> None:
        """This person agrees, `times` over; nothing is pushed (see `answer`)."""
        self.world.room(Messages).grant(self.openid(user), template, times=times, long_term=long_term)

    def answer(self, user: str, answers: Mapping[str, str]) -> None:
        """This person answers the dialog: template → "accept" or "reject". Granted, and pushed in the background."""
        for template in (template for template, said in answers.items() if said == "accept"):
            self.grant(user, template)
        self._soon(user, events.POPUP, events.popup(answers))

    def withdraw(self, user: str, *templates: str) -> None:
        """This person switches these templates off in the settings: no message from now on, and an event."""
        for template in templates:
            self.world.room(Messages).withdraw(self.openid(user), template)
        self._soon(user, events.CHANGE, events.change(templates))

    def grants(self, user: str, template: str) -> float:
        """How many messages this person still takes; `inf` after a long-term agreement."""
        grant = self.world.room(Messages).grants.get((self.openid(user), template))
        return 0 if grant is None else float("inf") if grant.long_term else grant.left

    def sent(self, user: str | None = None) -> list[Message]:
        """The messages delivered, oldest first."""
        return [m for m in list(self.world.room(Messages).delivered) if user in (None, m.user)]

    @property
    def sends_after_43101(self) -> int:
        """How often somebody was tried again after their refusal had been told and before they agreed anew."""
        return self.world.room(Messages).after_refusal

    def slow_sends(self, seconds: float) -> None:
        """Let each send take so long: another to the same person meanwhile is refused with 43108."""
        self.world.room(Messages).send_seconds = seconds

    # Codes

    def pages(self, *pages: str) -> None:
        """The published pages. None at all: every well-formed page counts."""
        self.world.room(Pages).publish(*pages)

    def codes(self) -> list[Code]:
        """The mini-program codes drawn, oldest first."""
        return list(self.world.room(Codes).drawn)

    # Content

    def risky_words(self, *words: str, label: int = 20006) -> None:
        """Texts with these words are risky; subscribe messages with them are not carried (45168)."""
        room = self.world.room(Content)
        room.risky = {**room.risky, **dict.fromkeys(words, label)}  # a new one: others may be reading the old

    def review_words(self, *words: str, label: int = 21000) -> None:
        """Texts with these words are for a person to look at."""
        room = self.world.room(Content)
        room.review = {**room.review, **dict.fromkeys(words, label)}

    def here_for(self, seconds: float | None) -> None:
        """How long after coming in somebody's words are checked; None: always."""
        self.world.room(Content).here_seconds = seconds

    def media(self) -> list[MediaCheck]:
        """The media ordered to be checked, oldest first."""
        return list(self.world.room(Media).ordered)

    def media_plan(self, plan: str) -> None:
        """Say "wait" for `verdict` (as tests start), or "auto"."""
        self.world.room(Media).plan = plan

    def repeat_media(self, times: int | None) -> None:
        """How often one address may be checked before 87020; None: as often as one likes."""
        self.world.room(Media).repeats = times

    def verdict(
        self,
        trace: str,
        suggest: str = "pass",
        *,
        label: int | None = None,
        errcode: int = 0,
        times: int = 1,
        spoil: str | None = None,
    ) -> list[Push]:
        """Push the verdict on a medium to the callback, and wait. errcode -1008: it could not be fetched."""
        check = self.world.room(Media).find(trace)
        wrong = None if spoil is None else Spoil(spoil)
        return media.deliver(self.world, check, suggest, label=label, errcode=errcode, times=times, spoil=wrong)

    # Callbacks

    def callback(
        self,
        url: str = "http://127.0.0.1/wechat/callback",
        *,
        token: str,
        key: str = "",
        mode: str = "",
        form: str = "json",
        timeout: float = 5.0,
        tries: int = 3,
        post: Post | None = None,
        appid: str | None = None,
    ) -> None:
        """Configure the message push. Without a mode it is safe with a key and plain without one.

        `post(method, letter)` carries letters to a test client instead of the network: it returns status and body.
        """
        how = Mode(mode or ("safe" if key else "plain"))
        told = Callback(appid or self.appid, url, token, key, how, Form(form), timeout, tries, post)
        self.world.room(Pushes).configure(told)

    def fields(self, event: str, user: str, *, sender: str = "", **more: Any) -> dict[str, Any]:
        """The fields of an event, or of a message when it is "text", as WeChat words them."""
        pushes, openid = self.world.room(Pushes), self.openid(user)
        personal = event in (events.REVOKE, events.CANCEL, events.MODIFIED)
        if personal:
            more = events.about_person(self.appid, openid) | more
        sender = sender or (events.PLATFORM if personal else openid)
        return pushes.fields(event, sender, self.appid, self.clock.now(), more)

    def letter(self, event: str, user: str, *, spoil: str | None = None, **more: Any) -> Letter:
        """The request such a push would be, for a test client: `.query`, `.body`, `.content_type`."""
        wrong = None if spoil is None else Spoil(spoil)
        return self.world.room(Pushes).write(self.fields(event, user, **more), wrong)

    def push(self, event: str, user: str, *, times: int = 1, spoil: str | None = None, **more: Any) -> list[Push]:
        """Push an event and wait for its end. `spoil`: signature, stale, receiver, cipher or broken."""
        wrong = None if spoil is None else Spoil(spoil)
        return self.world.room(Pushes).send(self.fields(event, user, **more), times=times, spoil=wrong)

    def revoke(self, user: str, *kinds: int) -> list[Push]:
        """This person withdraws an authorisation (8: phone number; 6, 19, 20: nickname and picture …)."""
        return self.push(events.REVOKE, user, RevokeInfo=",".join(map(str, kinds or (8,))))

    def close_account(self, user: str) -> list[Push]:
        """This person closes the account: agreements end, and the app is told."""
        self.world.room(Messages).withdraw(self.openid(user))
        return self.push(events.CANCEL, user)

    def replay(self, push: Push) -> Attempt:
        """The last request of a push once more, byte for byte."""
        return self.world.room(Pushes).replay(push)

    def sent_event(self, message: Message, error: int = 0, status: str = "success") -> list[Push]:
        """Tell what became of a message after its call had succeeded."""
        return self.push(events.SENT, message.user, **events.sent(message.template, message.msgid, error, status))

    def verify_callback(self) -> bool:
        """What the console does when the address is saved."""
        return self.world.room(Pushes).verify()

    def pushed(self) -> list[Push]:
        """The pushes made, oldest first, each with its attempts."""
        return list(self.world.room(Pushes).made)

    # Quotas and the service account

    def quota(self, path: str, *, day: int | None = None, minute: int | None = None) -> None:
        """Limit a path; None takes the limit off."""
        self.world.room(Quotas).limit(path, day, minute)

    def service(self, appid: str, secret: str, *, domain: str = "", open_platform: str | None = None) -> None:
        """A service account; people are sent back to `domain` only, when there is one."""
        self.add_app(appid, secret, open_platform=open_platform)
        if domain:
            self.world.room(Service).domains[appid] = domain

    def hold_phone(self, user: str) -> None:
        """Whoever opens a page of the service account from now on is this person."""
        if user:
            self.world.meet(user)
        self.world.room(Service).holder = user

    def page_code(self, user: str, appid: str) -> str:
        """What snsapi_base would have brought back for this person."""
        return self.world.room(Service).issue(user, appid, self.clock.now())

    def _soon(self, user: str, event: str, more: Mapping[str, Any]) -> None:
        pushes = self.world.room(Pushes)
        pushes.soon(pushes.fields(event, self.openid(user), self.appid, self.clock.now(), more))
