"""`python -m tests.server.jobs.killed_relay 20`: a relay process that is killed that often, and then left to finish.

The settings come from the environment, as for `python -m server.jobs`. The application is made once and forked, because
making it takes longer than a relay lives here.
"""

import os
import random
import signal
import sys
import time
from datetime import timedelta
from threading import Event

from server.app import create_app
from server.config import Settings
from server.jobs.relay import Relay
from wechat.live import LiveWeChat, Timeouts

# In life a lease is long beside the time between two kills of the same entry's work. Here: longer than all the killing.
LEASE = timedelta(seconds=6)
CALL = Timeouts(connect=1.0, read=1.0, whole=1.0)


def main(times: int) -> None:
    """Fork, kill, and in the end say so on standard output and relay until terminated."""
    settings = Settings.from_env()
    wechat = settings.wechat
    gateway = LiveWeChat(wechat.appid, wechat.secret, base_url=wechat.base_url, timeouts=CALL)
    app = create_app(settings, gateway=gateway)
    lots = random.Random()  # other moments each time: nothing may depend on them
    for _ in range(times):
        child = os.fork()
        if child == 0:
            _relay(app)
        time.sleep(lots.uniform(0.05, 0.35))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    sys.stdout.write("recovered\n")
    sys.stdout.flush()
    _relay(app)


def _relay(app: object) -> None:
    stop = Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    relay = Relay(app, lease=LEASE)  # type: ignore[arg-type]
    relay.start()
    stop.wait()
    os._exit(0 if relay.stop() else 1)


if __name__ == "__main__":
    main(int(sys.argv[1]))
