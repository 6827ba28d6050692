"""gunicorn's settings: `gunicorn -c python:server.gunicorn_conf wsgi:app`. Options of the command line win."""

import gc
import os
import sys
from typing import Any

from gunicorn.glogging import Logger

from server.config import Settings, SettingsError
from server.core import logs
from server.notices import templates

try:
    _settings = Settings.from_env()
    templates.read(_settings.wechat.templates_file)
except SettingsError as _error:
    sys.exit(str(_error))  # one line instead of a traceback from every worker

logs.configure(_settings.log_level)


class JsonLogger(Logger):
    """gunicorn's own messages in our shape, without the addresses of people and pages."""

    def setup(self, cfg: Any) -> None:
        """Dress the handlers that gunicorn makes, also when it reads its settings again."""
        super().setup(cfg)
        for handler in self.error_log.handlers:
            handler.setFormatter(logs.JsonFormatter())

    def exception(self, msg: object, *_args: object, **kwargs: Any) -> None:
        """An error's class and place are told; the page's address may hold a claim code and is not."""
        super().exception(str(msg).partition(" %")[0], **kwargs)

    def warning(self, msg: object, *args: object, **kwargs: Any) -> None:
        """ "Invalid request from ip=…" quotes what a stranger sent."""
        if str(msg).startswith("Invalid request"):
            msg, args = "Invalid request", ()
        super().warning(msg, *args, **kwargs)


logger_class = JsonLogger
loglevel = _settings.log_level.lower()

bind = f"127.0.0.1:{_settings.port}"  # nginx and TLS stand before it
workers = _settings.web_workers
worker_class = "gthread"
threads = _settings.web_threads
# Loaded once and shared: two workers take far less memory than two copies. Nothing is connected before the fork.
preload_app = True

timeout = 60
graceful_timeout = 20
keepalive = 5
backlog = 512
max_requests = 20_000  # a slow leak is swept out before it matters, and never in all workers at once
max_requests_jitter = 4_000

# The heartbeat file: on a busy or slow disk it would stall a worker.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 -- gunicorn makes a private file
control_socket_disable = True  # two instances on one host would fight for it
forwarded_allow_ips = "127.0.0.1,::1"


def when_ready(_server: Any) -> None:
    """What was loaded stays where it is: the collector would copy shared memory by looking at it."""
    gc.collect()
    gc.freeze()
