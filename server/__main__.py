"""`python3 -m server up · test · lint · bench · flask`: from a fresh clone to a running house in one command.

This file alone must be readable by every Python 3 there is, so that one that is too old says a sentence instead of a
syntax error. Everything newer lives in `server.launch`.
"""

import os
import sys

OLDEST = (3, 11)


def unfit(version: "tuple[int, ...]", system: str) -> str:
    """Why this Python or this system cannot run the server, in one line; empty when it can."""
    if version[:2] < OLDEST:
        have = ".".join(str(part) for part in version[:3])
        return "Louzhang needs Python 3.11 or newer; this is Python {}. Try: python3.11 -m server …".format(have)  # noqa: UP032 -- as old as can be
    if system == "nt":
        return "Louzhang's server runs on Linux and macOS. On Windows, start it inside WSL."
    return ""


def main() -> int:
    """Check the ground we stand on, then hand over to `server.launch`."""
    line = unfit(tuple(sys.version_info[:3]), os.name)
    if line:
        sys.stderr.write(line + "\n")
        return 1
    from server.launch.words import run  # newer syntax than this file may use

    return run(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
