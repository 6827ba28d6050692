"""The packing list: everything the application is made of, readable from top to bottom."""

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from server import commands, web
from server.callbacks.routes import blueprint as callbacks
from server.commons.routes import blueprint as commons
from server.config import Settings
from server.core import api, crypto, database, errors, headers, health, limits, logs, wechat_tokens
from server.core.application import Application
from server.core.clock import Clock, SystemClock
from server.departments.routes import blueprint as departments
from server.duties.routes import blueprint as duties
from server.heads.routes import blueprint as heads
from server.households.routes import blueprint as households
from server.identity.routes import blueprint as identity
from server.issues.export_routes import blueprint as exports
from server.issues.life_routes import blueprint as life
from server.issues.routes import blueprint as issues
from server.issues.whistle_routes import blueprint as whistles
from server.ledger.routes import blueprint as ledger
from server.moderation import words
from server.moderation.routes import blueprint as moderation
from server.notices import templates
from server.notices.routes import blueprint as notices
from server.open311 import formats as open311
from server.open311.routes import blueprint as api_keys
from server.open311.routes import door as open311_door
from server.photos.routes import blueprint as photos
from server.places.routes import blueprint as places
from server.rulebook.routes import blueprint as rulebook
from server.scores.routes import blueprint as scores
from server.shield.routes import blueprint as shield
from server.surveys.routes import blueprint as surveys
from wechat.gateway import Edition, Gateway
from wechat.live import OFFICIAL, LiveWeChat
from wechat.tokens import TokenStore

ROOMS = (
    *(
        identity,
        places,
        departments,
        heads,
        households,
        photos,
        moderation,
        rulebook,
        commons,
        issues,
        life,
        exports,
        whistles,
    ),
    *(shield, ledger, surveys, duties, scores, notices, api_keys),
)

MEGABYTE = 1024 * 1024


def create_app(
    settings: Settings | None = None, *, clock: Clock | None = None, gateway: Gateway | None = None
) -> Flask:
    """Build the application. Tests hand in settings, a set clock, or a gateway; everything else reads the environment."""
    settings = settings or Settings.from_env()
    app = Application("server", template_folder="web/templates", static_folder="web/static")
    app.config.update(
        SECRET_KEY=None,  # nothing uses Flask's session
        MAX_CONTENT_LENGTH=1 * MEGABYTE,  # routes that take photos or ledgers raise it for themselves
        MAX_FORM_PARTS=200,
    )
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.json.sort_keys = False  # type: ignore[attr-defined]
    app.json.compact = True  # type: ignore[attr-defined]
    if settings.trusted_proxies:
        proxies = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=proxies, x_host=proxies)  # type: ignore[method-assign]

    app.extensions["settings"] = settings
    app.extensions["clock"] = clock or SystemClock()
    app.extensions["keyring"] = crypto.Keyring(settings.keys)
    app.extensions["limits"] = limits.Limits(settings, app.extensions["keyring"])
    app.extensions["wechat_tokens"] = store = wechat_tokens.build(settings, app.extensions["keyring"])
    app.extensions["wechat"] = gateway or wechat_gateway(settings, store)
    app.extensions["faces"] = {"/open311/": open311.refusal}
    app.extensions["word_list"] = words.load(settings)

    templates.init_app(app, settings.wechat.templates_file)
    logs.init_app(app)
    headers.init_app(app)
    database.init_app(app, settings)
    errors.init_app(app)
    health.init_app(app)
    contract = api.init_app(app)
    for room in ROOMS:
        contract.register_blueprint(room, url_prefix=api.PREFIX + (room.url_prefix or ""))
    app.register_blueprint(callbacks)
    app.register_blueprint(open311_door)
    web.init_app(app)
    commands.init_app(app)
    return app


def wechat_gateway(settings: Settings, store: TokenStore) -> Gateway:
    """The one place that picks live or sandbox WeChat: the same client, at another address."""
    wechat = settings.wechat
    return LiveWeChat(
        wechat.appid,
        wechat.secret,
        base_url=wechat.base_url or OFFICIAL,
        edition=Edition(wechat.edition),
        service=(wechat.service_appid, wechat.service_secret) if wechat.service_appid else None,
        store=store,
    )
