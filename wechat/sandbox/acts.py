"""What the buttons of the developer's page do: one tap on a phone, or one click in WeChat's console."""

from collections.abc import Callable, Mapping

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from wechat.sandbox import events
from wechat.sandbox.api import world
from wechat.sandbox.levers import RunningSandbox
from wechat.sandbox.orders import levers
from wechat.sandbox.page import named
from wechat.sandbox.pages import Pages
from wechat.sandbox.pushes import Push, Pushes

blueprint = Blueprint("acts", __name__)
Form = Mapping[str, str]


@blueprint.post("/act")
def act() -> Response:
    """Do what the button says, and say how it went."""
    form = request.form
    user, what = named(form.get("user", "")), ACTS.get(form.get("do", ""))
    said = "没有这个按钮"
    if what is not None:
        try:
            said = what(levers(), user, form)
        except (ValueError, KeyError) as error:
            said = f"没有办成：{error}"
    world().save_soon()
    return redirect(url_for("page.show", _anchor="phone", user=user or None, said=said), 303)


def _accept(here: RunningSandbox, user: str, form: Form) -> str:
    here.answer(user, {form["template"]: "accept"})
    return "允许了一次"


def _reject(here: RunningSandbox, user: str, form: Form) -> str:
    here.answer(user, {form["template"]: "reject"})
    return "拒绝了"


def _withdraw(here: RunningSandbox, user: str, form: Form) -> str:
    here.withdraw(user, form["template"])
    return "在设置里关闭了"


def _template(here: RunningSandbox, _: str, form: Form) -> str:
    keys = form["fields"].replace("，", " ").replace(",", " ").split()
    here.template(form["template"].strip(), keys, long_term=form.get("kind") == "long", title=form.get("title", ""))
    return "模板登记好了"


def _callback(here: RunningSandbox, _: str, form: Form) -> str:
    url = form["url"].strip()
    url = url if "://" in url else f"http://{url}"
    here.callback(url, token=form["token"], key=form["key"].strip(), mode=form["mode"], form=form["form"])
    return _verify(here, "", form)


def _verify(here: RunningSandbox, _: str, __: Form) -> str:
    return "地址验证通过" if here.verify_callback() else "地址验证没有通过：没有原样返回 echostr"


def _no_callback(here: RunningSandbox, _: str, __: Form) -> str:
    here.world.room(Pushes).configure(None)
    return "不再推送"


def _close(here: RunningSandbox, user: str, _: Form) -> str:
    return _told(here.close_account(user))


def _replay(here: RunningSandbox, _: str, form: Form) -> str:
    push = next((push for push in here.pushed() if str(push.number) == form["number"]), None)
    if push is None:
        raise ValueError("没有这次推送")
    attempt = here.replay(push)
    return f"原样重放：HTTP {attempt.status}" if attempt.status else "原样重放：没有回答"


def _verdict(suggest: str, errcode: int = 0) -> Callable[[RunningSandbox, str, Form], str]:
    return lambda here, _, form: _told(here.verdict(form["trace"], suggest, errcode=errcode))


def _plan(plan: str) -> Callable[[RunningSandbox, str, Form], str]:
    def change(here: RunningSandbox, _: str, __: Form) -> str:
        here.media_plan(plan)
        return "改好了"

    return change


def _block(blocked: bool) -> Callable[[RunningSandbox, str, Form], str]:
    def change(here: RunningSandbox, user: str, _: Form) -> str:
        here.block(user, blocked)
        return "登录会被拦截" if blocked else "可以登录了"

    return change


def _hold(here: RunningSandbox, user: str, _: Form) -> str:
    here.hold_phone(user)
    return f"现在由{user}打开服务号网页"


def _let_go(here: RunningSandbox, _: str, __: Form) -> str:
    here.hold_phone("")
    return "每次都会问是谁"


def _site(here: RunningSandbox, _: str, form: Form) -> str:
    site = form["site"].strip()
    here.world.room(Pages).site = site if not site or site.startswith(("http://", "https://")) else f"http://{site}"
    return "网页地址保存了"


def _told(made: list[Push]) -> str:
    return "已推送" if all(push.taken for push in made) else "推送没有被接受"


ACTS: dict[str, Callable[[RunningSandbox, str, Form], str]] = {
    "accept": _accept,
    "reject": _reject,
    "withdraw": _withdraw,
    "template": _template,
    "callback": _callback,
    "verify": _verify,
    "no_callback": _no_callback,
    "revoke": lambda here, user, _: _told(here.revoke(user)),
    "modified": lambda here, user, _: _told(here.push(events.MODIFIED, user)),
    "close": _close,
    "replay": _replay,
    "pass": _verdict("pass"),
    "review": _verdict("review"),
    "risky": _verdict("risky"),
    "lost": _verdict("pass", -1008),
    "plan_wait": _plan("wait"),
    "plan_auto": _plan("auto"),
    "block": _block(True),
    "unblock": _block(False),
    "hold": _hold,
    "let_go": _let_go,
    "site": _site,
}
