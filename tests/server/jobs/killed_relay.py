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

# In life nothing is killed so often that the same entry is likely to be hit again after its lease. So the killing here
# is over, however busy the machine is, before the first lease runs out.
KILLING, LEASE = 5.0, timedelta(seconds=7)
CALL = Timeouts(connect=1.0, read=1.0, whole=1.0)


def main(times: int) -> None:
    """Fork, kill, and in the end say so on standard output and relay until terminated."""
    settings = Settings.from_env()
    wechat = settings.wechat
    gateway = LiveWeChat(wechat.appid, wechat.secret, base_url=wechat.base_url, timeouts=CALL)
    app = create_app(settings, gateway=gateway)
    lots, began = random.Random(), time.monotonic()  # other moments each time: nothing may depend on them
    for moment in sorted(lots.uniform(0, KILLING) for _ in range(times)):
        child = os.fork()
        if child == 0:
            _relay(app)
        time.sleep(max(0.01, began + moment - time.monotonic()))
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
