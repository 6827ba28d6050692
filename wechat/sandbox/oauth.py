"""`/connect/oauth2/authorize`: the stand-in for open.weixin.qq.com, where a browser is sent to be recognised."""

from flask import Blueprint, redirect, render_template, request
from werkzeug.wrappers import Response

from wechat.sandbox.api import world
from wechat.sandbox.service import Service, send_back

blueprint = Blueprint("oauth", __name__)


@blueprint.route("/connect/oauth2/authorize", methods=["GET", "POST"])
def authorize() -> Response | str:
    """Back to the page with a code of whoever holds the phone; nobody yet: ask who it is."""
    there, asked = world(), request.args
    room = there.room(Service)
    refusal = room.refusal(asked)
    user = request.form.get("user", "").strip()[:64] or room.holder
    if refusal or not user:
        return render_template("authorize.html", refusal=refusal, people=sorted(there.blocked))
    code = room.issue(user, asked["appid"], there.clock.now())
    there.save_soon()
    return redirect(send_back(asked["redirect_uri"], code, asked.get("state", "")), 302)
