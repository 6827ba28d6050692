"""`/`: one page for a developer, without script. Play somebody's phone, see what arrived, make it misbehave."""

from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from urllib.parse import quote

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as Redirect

from wechat.sandbox import DEFAULT_SECRET
from wechat.sandbox.answers import WORDS
from wechat.sandbox.api import world
from wechat.sandbox.codes import Codes
from wechat.sandbox.content import Content
from wechat.sandbox.drawing import draw
from wechat.sandbox.faults import FaultKind
from wechat.sandbox.media import Media
from wechat.sandbox.messages import Message, Messages, Template
from wechat.sandbox.orders import levers
from wechat.sandbox.pages import Pages
from wechat.sandbox.phones import Phones
from wechat.sandbox.pushes import Pushes
from wechat.sandbox.service import Service

blueprint = Blueprint("page", __name__)
KINDS = {
    FaultKind.ERRCODE: "系统繁忙（errcode -1）",
    FaultKind.HTML_502: "502 网页",
    FaultKind.DROP: "断开连接",
    FaultKind.HANG: "一直不回答",
    FaultKind.LATENCY: "慢 3 秒",
    FaultKind.LOST_REPLY: "办了，回答丢了",
    FaultKind.CUT_OFF: "办了，回答断在中间",
    FaultKind.TRUNCATED: "办了，JSON 不完整",
    FaultKind.DRIP: "办了，一个字节一个字节回答",
}
_BEIJING = timezone(timedelta(hours=8))
_SHOWN = 30
_SIDE = 280


@blueprint.get("/")
def show(code: str = "", gave: str = "login") -> str:
    """The developer's page: one person's phone, and what everybody got."""
    there = world()
    user = named(request.values.get("user", ""))
    messages = there.room(Messages)
    return render_template(
        "sandbox.html",
        **_phone(user),
        code=code,
        gave=gave,
        said=request.args.get("said", "")[:200],
        base=request.host_url.rstrip("/"),
        appid=there.first_appid(),
        secret=DEFAULT_SECRET if there.apps[there.first_appid()].secret == DEFAULT_SECRET else "",
        people=sorted(there.blocked),
        messages=[_with_template(m, messages) for m in reversed(levers().sent(user or None)[-_SHOWN:])],
        codes=list(reversed(there.room(Codes).drawn))[:12],
        callback=there.room(Pushes).callback,
        pushes=list(reversed(there.room(Pushes).made))[:_SHOWN],
        media=list(reversed(there.room(Media).ordered))[:10],
        plan=there.room(Media).plan,
        risky=list(there.room(Content).risky),
        review=list(there.room(Content).review),
        entries=list(reversed(there.ledger.entries()))[:_SHOWN],
        total=there.ledger.count(),
        words=WORDS,
        waiting=there.faults.waiting(),
        kinds=KINDS,
        now=clock_face(there.clock.now()),
        ahead=round(there.clock.ahead / 60),
        clock_face=clock_face,
    )


@blueprint.post("/")
def give_code() -> str | Redirect:
    """Choose whose phone it is, and perhaps press for a code."""
    there, user = world(), named(request.form.get("user", ""))
    if not user:
        return redirect(url_for("page.show"), 303)
    there.meet(user)
    there.save_soon()
    match request.form.get("give", "login"):
        case "phone":
            return show(levers().phone_code(user), "phone")
        case "look":
            return redirect(url_for("page.show", user=user), 303)
    return show(levers().login_code(user))


@blueprint.post("/trouble")
def trouble() -> Redirect:
    """Order a fault, or move the clock."""
    there, asked = world(), request.form
    match asked.get("do"):
        case "fault" if asked.get("kind") in set(FaultKind):
            share = {"0.05": 0.05, "0.1": 0.1, "0.5": 0.5}.get(asked.get("share", ""), 1.0)
            seconds = {FaultKind.LATENCY: 3.0, FaultKind.DRIP: 0.2}.get(FaultKind(asked["kind"]), 60.0)
            there.faults.add(asked["kind"], seconds=seconds, chance=share)
        case "later":
            there.clock.advance(360)
        case "hours":
            there.clock.advance(7200)
        case "calm":
            there.faults.clear()
            there.clock.reset()
    there.save_soon()
    return redirect(url_for("page.show", _anchor="trouble"), 303)


@blueprint.get("/code/<int:number>")
def picture(number: int) -> Response:
    """The picture of a code, drawn again."""
    code = next((code for code in world().room(Codes).drawn if code.number == number), None)
    if code is None:
        abort(404)
    link = code.link(request.host_url.rstrip("/"))
    image = draw(link, code.scene or code.page, _SIDE, (0, 0, 0), clear=True)
    return Response(image, content_type="image/png", headers={"Cache-Control": "max-age=3600"})


@blueprint.get("/scan")
def scan() -> str:
    """What a phone would open on scanning a code."""
    asked, pattern = request.args, world().room(Pages).site
    scene = asked.get("scene", "")
    return render_template(
        "scan.html",
        page=asked.get("page", ""),
        scene=scene,
        edition=asked.get("edition", "release"),
        appid=asked.get("appid", world().first_appid()),
        pattern=pattern,
        site=pattern.replace("{scene}", quote(scene, safe="")) if scene else "",
    )


def clock_face(moment: float) -> str:
    """A moment of the sandbox as people in Beijing read it."""
    return datetime.fromtimestamp(moment, UTC).astimezone(_BEIJING).strftime("%m-%d %H:%M:%S")


def named(user: str) -> str:
    """A person's name as typed, or "" when it is none."""
    user = user.strip()
    return user if len(user) <= 64 and user.isprintable() else ""


def _phone(user: str) -> dict[str, Any]:
    there = world()
    told: dict[str, Any] = {"user": user, "holder": there.room(Service).holder}
    if not user:
        return told
    openid, messages = there.openid(user, there.first_appid()), there.room(Messages)
    seen, number = there.seen.get(openid), there.room(Phones).of(user)
    left = {id: grant for (who, id), grant in list(messages.grants.items()) if who == openid}
    return told | {
        "openid": openid,
        "blocked": there.blocked.get(user, False),
        "seen": seen and clock_face(seen),
        "number": number.number if str(number.country) == "86" else f"+{number.country} {number.number}",
        "templates": [
            (template, "long" if id in left and left[id].long_term else left[id].left if id in left else 0)
            for id, template in list(messages.templates.items())
        ],
    }


def _with_template(message: Message, room: Messages) -> tuple[Message, Template | None]:
    return message, room.templates.get(message.template)
