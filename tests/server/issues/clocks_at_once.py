"""`python -m tests.server.issues.clocks_at_once 16 2026-10-12T11:00:00+08:00`: that many processes run the clocks at once.

The settings come from the environment. The application is made once and forked; every process says how many it looked at.
"""

import os
import sys
from datetime import datetime

from server.app import create_app
from server.config import Settings
from server.issues import service


def main(processes: int, now: datetime) -> None:
    """Fork, let all begin at the same moment, and wait for them."""
    app = create_app(Settings.from_env())
    gate, starter = os.pipe()
    children = []
    for _ in range(processes):
        child = os.fork()
        if child == 0:
            os.close(starter)
            os.read(gate, 1)  # until the parent lets go
            with app.app_context():
                count = service.run_whistle_clocks(now, batch=3)
            os.write(1, f"{count}\n".encode())
            os._exit(0)
        children.append(child)
    os.close(starter)
    ends = [os.waitpid(child, 0)[1] for child in children]
    sys.exit(max(ends))


if __name__ == "__main__":
    main(int(sys.argv[1]), datetime.fromisoformat(sys.argv[2]))
