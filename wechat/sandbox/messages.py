"""Subscribe messages: templates, who agreed to which how often, and what was delivered.

A one-time agreement is used up by one message, a long-term one by none; without any the answer is 43101.
"""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from wechat.sandbox.answers import Refused, ok
from wechat.sandbox.content import Content
from wechat.sandbox.desk import Call, call
from wechat.sandbox.fields import fits, kind_of
from wechat.sandbox.ledger import Entry
from wechat.sandbox.pages import Pages
from wechat.sandbox.world import Room, World

SEND = "/cgi-bin/message/subscribe/send"
_SAVED = 200
_STATES, _LANGUAGES = ("developer", "trial", "formal"), ("zh_CN", "en_US", "zh_HK", "zh_TW")


@dataclass(slots=True)
class Template:
    """A template of the account: its keys, each with the label people read, and the listed values of its enums."""

    id: str
    fields: dict[str, str]
    long_term: bool = False
    title: str = ""
    options: dict[str, list[str]] = field(default_factory=dict)
    banned: bool = False


@dataclass(frozen=True, slots=True)
class Message:
    """One message that arrived on a phone."""

    msgid: str
    at: float
    openid: str
    user: str
    template: str
    data: dict[str, str]
    page: str = ""
    state: str = "formal"


@dataclass(slots=True)
class Grant:
    """What is left of somebody's agreements to one template."""

    left: int = 0
    long_term: bool = False


class Messages(Room):
    """The templates, the agreements, and everything that was delivered."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.templates: dict[str, Template] = {}
        self.grants: dict[tuple[str, str], Grant] = {}
        self.delivered: deque[Message] = deque(maxlen=100_000)
        self.send_seconds = 0.0
        """How long one send takes; another to the same person meanwhile is refused with 43108."""
        self.after_refusal = 0
        """Sends that came although 43101 had been answered to the same person and template, with no agreement since."""
        self._refused: set[tuple[str, str]] = set()
        self._busy: set[str] = set()
        self._msgids = 3_000_000_000_000_000_000

    def register(self, template: Template) -> None:
        """ValueError for a key that is none."""
        for key in template.fields:
            kind_of(key)
        with self.world.lock:
            self.templates[template.id] = template

    def grant(self, openid: str, template: str, *, times: int = 1, long_term: bool | None = None) -> None:
        """An agreement; of the template's own kind unless said otherwise. One-time agreements add up."""
        with self.world.lock:
            known = self.templates.get(template)
            lasting = (known is not None and known.long_term) if long_term is None else long_term
            grant = self.grants.setdefault((openid, template), Grant())
            self._refused.discard((openid, template))
            if lasting:
                grant.long_term = True
            else:
                grant.left += times

    def withdraw(self, openid: str, template: str | None = None) -> None:
        """No message of this template, or of any, from now on."""
        with self.world.lock:
            for key in [key for key in self.grants if key[0] == openid and template in (None, key[1])]:
                del self.grants[key]

    def start(self, openid: str, template: str) -> None:
        """A send begins. 43108 while another to the same person is on its way."""
        with self.world.lock:
            self.after_refusal += (openid, template) in self._refused
            if openid in self._busy:
                raise Refused(43108)
            self._busy.add(openid)
        if self.send_seconds:
            self.world.faults.pause(self.send_seconds)

    def finish(self, openid: str) -> None:
        with self.world.lock:
            self._busy.discard(openid)

    def deliver(self, message: Message) -> str:
        """Take one agreement and put the message on the phone. 43101 when none is left. Returns the msgid."""
        with self.world.lock:
            grant = self.grants.get((message.openid, message.template))
            if grant is None or not (grant.long_term or grant.left):
                raise Refused(43101)
            grant.left -= not grant.long_term
            self._msgids += 1
            self.delivered.append(Message(str(self._msgids), *list(_values(message))[1:]))
            return str(self._msgids)

    def answered(self, entry: Entry, arrived: bool) -> None:
        """Remember to whom 43101 was really said: an answer that was lost on the way binds nobody."""
        if arrived and entry.errcode == 43101:
            with self.world.lock:
                self._refused.add((str(entry.asked.get("touser")), str(entry.asked.get("template_id"))))

    def unheard(self, entry: Entry) -> None:
        """Whoever asked was gone before reading the answer."""
        if entry.errcode == 43101:
            with self.world.lock:
                self._refused.discard((str(entry.asked.get("touser")), str(entry.asked.get("template_id"))))

    def dump(self) -> dict[str, Any]:
        return {
            "templates": [asdict(template) for template in self.templates.values()],
            "grants": [[*key, grant.left, grant.long_term] for key, grant in self.grants.items()],
            "delivered": [list(_values(message)) for message in list(self.delivered)[-_SAVED:]],
            "msgids": self._msgids,
        }

    def load(self, kept: dict[str, Any]) -> None:
        self.templates = {template["id"]: Template(**template) for template in kept["templates"]}
        self.grants = {(openid, template): Grant(left, lasting) for openid, template, left, lasting in kept["grants"]}
        self.delivered.extend(Message(*values) for values in kept["delivered"])
        self._msgids = int(kept["msgids"])


@call(SEND)
def send(asked: Call) -> dict[str, Any]:
    """/cgi-bin/message/subscribe/send: first whether the request is right, then whether the person agreed."""
    room, openid = asked.world.room(Messages), asked.text("touser")
    template = room.templates.get(asked.text("template_id"))
    if template is None:
        raise Refused(40037)
    if template.banned:
        raise Refused(43107)
    found = asked.world.whose(openid)
    if found is None or found[1] != asked.app.appid:
        raise Refused(40003)
    state, page = str(asked.asked.get("miniprogram_state", "formal")), asked.text("page")
    if state not in _STATES:
        raise Refused(47003, "miniprogram_state")
    if asked.asked.get("lang", "zh_CN") not in _LANGUAGES:
        raise Refused(47003, "lang")
    if page and not asked.world.room(Pages).knows(page.split("?")[0]):
        raise Refused(41030)
    data = _data(template, asked.asked.get("data"))
    if asked.world.room(Content).refuses(data.values()):
        raise Refused(45168)
    room.start(openid, template.id)
    try:
        msgid = room.deliver(Message("", asked.now, openid, found[0], template.id, data, page, state))
    finally:
        room.finish(openid)
    return ok(msgid=int(msgid))


@call("/wxaapi/newtmpl/gettemplate", method="GET")
def list_templates(asked: Call) -> dict[str, Any]:
    """/wxaapi/newtmpl/gettemplate: the account's templates."""
    return ok(data=[_listed(template) for template in asked.world.room(Messages).templates.values()])


def _data(template: Template, given: object) -> dict[str, str]:
    """The values by key, or 47003 naming the first that does not fit."""
    if not isinstance(given, Mapping):
        raise Refused(47003, "data is empty")
    values: dict[str, str] = {}
    for key in template.fields:
        wrapped = given.get(key)
        value = wrapped.get("value") if isinstance(wrapped, Mapping) else None
        if value is None or value == "":
            raise Refused(47003, f"data.{key}.value is empty")
        if isinstance(value, bool | list | dict) or not fits(key, str(value), template.options.get(key, ())):
            raise Refused(47003, f"data.{key}.value invalid")
        values[key] = str(value)
    for key in given.keys() - template.fields.keys():
        raise Refused(47003, f"data.{key}.value is not in the template")
    return values


def _listed(template: Template) -> dict[str, Any]:
    listed: dict[str, Any] = {
        "priTmplId": template.id,
        "title": template.title,
        "content": "".join(f"{label}:{{{{{key}.DATA}}}}\n" for key, label in template.fields.items()),
        "example": "".join(f"{label}:…\n" for label in template.fields.values()),
        "type": 3 if template.long_term else 2,
    }
    if template.options:
        options = [{"enumValueList": values, "keywordCode": f"{key}.DATA"} for key, values in template.options.items()]
        listed["keywordEnumValueList"] = options
    return listed


def _values(message: Message) -> Iterable[Any]:
    return (getattr(message, name) for name in Message.__slots__)
