"""A virtual environment of our own, made and filled when needed, with nothing but the standard library.

`.venv` remembers what was installed into it: a hash of the requirement files and of the lock. Nothing is done while
that hash holds. A virtual environment that somebody else made is used as it is.
"""

import fcntl
import hashlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from importlib.metadata import PackageNotFoundError, distribution
from importlib.util import find_spec
from pathlib import Path

from server.launch.refusal import ROOT, Refusal, why

VENV = ROOT / ".venv"
LOCK = Path("server/constraints.txt")
RUNTIME = Path("requirements.txt")
TESTS = Path("tests/requirements.txt")  # includes the runtime's
SKIP = "LOUZHANG_NO_BOOTSTRAP"

_NETWORK = re.compile(
    r"Max retries|NewConnection|name resolution|unreachable|Connection\w* |ProxyError|timed out", re.I
)
_NAME = re.compile(r"[A-Za-z0-9._-]+")


def enter(requirements: Path, words: Sequence[str]) -> None:
    """Return in an environment that holds `requirements`.

    May install them, and may replace this process by `.venv`'s Python running `python -m server WORDS`.
    """
    if os.environ.get(SKIP) == "1" or in_foreign_environment():
        refuse_missing(requirements)
        return
    if not is_current(requirements):
        with _alone():
            if not is_current(requirements):
                _install(requirements)
    if not _in_ours():
        python = str(_python())
        os.execve(python, [python, "-m", "server", *words], os.environ.copy())


def in_foreign_environment() -> bool:
    """Whether this Python belongs to a virtual environment that is not ours."""
    return sys.prefix != sys.base_prefix and not _in_ours()


def _in_ours() -> bool:
    return sys.prefix != sys.base_prefix and VENV.exists() and os.path.samefile(sys.prefix, VENV)


def refuse_missing(requirements: Path) -> None:
    """Refuse when an environment that we do not manage lacks something."""
    missing = []
    for name in direct(requirements):
        try:
            distribution(name)
        except PackageNotFoundError:
            missing.append(name)
    if missing:
        more = f" and {len(missing) - 1} more" if len(missing) > 1 else ""
        raise Refusal(f"This Python environment lacks {missing[0]}{more}: run  pip install -r {requirements} -c {LOCK}")


def direct(requirements: Path) -> list[str]:
    """The names a requirement file asks for, with those of the files it includes."""
    names: list[str] = []
    for line in (ROOT / requirements).read_text(encoding="utf-8").splitlines():
        if line.startswith("-r "):
            names += direct(requirements.parent / line[3:].strip())
        elif found := _NAME.match(line):
            names.append(found[0])
    return names


def _python() -> Path:
    return VENV / "bin" / "python"


def _stamp(requirements: Path) -> Path:
    return VENV / f"installed-{'-'.join(requirements.with_suffix('').parts)}"


def _mark(requirements: Path) -> str:
    """What `.venv` must have been filled from: the files' contents, and the Python it was made with."""
    content = hashlib.sha256()
    for path in (RUNTIME, requirements, LOCK):
        content.update((ROOT / path).read_bytes() + b"\0")
    # A system upgrade replaces the Python behind the link; what was installed is then out of its sight.
    return f"{content.hexdigest()} {_python().resolve()}"


def is_current(requirements: Path) -> bool:
    """Whether `.venv` works and was filled from these very files."""
    stamp = _stamp(requirements)
    return _python().exists() and stamp.exists() and stamp.read_text(encoding="utf-8") == _mark(requirements)


@contextmanager
def _alone() -> Iterator[None]:
    """One installer at a time: `up` and `test` may be started together."""
    handle = os.open(ROOT, os.O_RDONLY)
    try:
        with suppress(OSError):  # some network file systems have no such lock; it is a courtesy
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _install(requirements: Path) -> None:
    refuse_unwritable(ROOT)
    _make_environment()
    sys.stdout.write(f"Installing {requirements} into .venv (once; about half a minute) …\n")
    sys.stdout.flush()
    command = [str(_python()), "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--retries", "2"]
    done = _quiet([*command, "-r", str(ROOT / requirements), "-c", str(ROOT / LOCK)])
    if done.returncode:
        _refuse_install(done.stdout)
    for stamp in {RUNTIME, requirements}:
        _stamp(stamp).write_text(_mark(stamp), encoding="utf-8")


def refuse_unwritable(folder: Path) -> None:
    """Refuse when nothing can be kept in `folder` (made if need be)."""
    probe = folder / f".can-write-{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise Refusal(f"Cannot write to {folder}: {why(error)}. Put the project where you may write.") from None


def _make_environment() -> None:
    """Make `.venv`, or make it again when it was left half-made or its Python went away."""
    whole = [str(_python()), "-c", "import pip, sys; sys.exit(sys.prefix == sys.base_prefix)"]
    if _python().exists() and _quiet(whole).returncode == 0 and _in_step():
        return
    refuse_without_venv(_can_import("venv") and _can_import("ensurepip"))
    done = _quiet([sys.executable, "-m", "venv", "--clear", str(VENV)])
    if done.returncode:
        raise Refusal(f"Could not make {VENV}: {_last_line(done.stdout)}")


def _can_import(name: str) -> bool:
    found = find_spec(name)
    return found is not None and found.origin is not None  # an empty folder of that name is none


def _in_step() -> bool:
    """Whether what was installed before, if anything, was installed for the Python now behind `.venv`."""
    python = str(_python().resolve())
    stamps = [stamp.read_text(encoding="utf-8") for stamp in VENV.glob("installed-*")]
    return all(text.partition(" ")[2] == python for text in stamps)


def refuse_without_venv(available: bool) -> None:
    """Debian and Ubuntu ship Python without the means to make a virtual environment."""
    if not available:
        package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
        raise Refusal(f"This Python cannot make virtual environments. On Debian or Ubuntu: apt install {package}")


def _refuse_install(output: str) -> None:
    log = VENV / "install.log"
    log.write_text(output, encoding="utf-8")
    if _NETWORK.search(output):
        raise Refusal(f"No package index could be reached; the first start needs the network once. Details: {log}")
    raise Refusal(f"Installing failed: {_last_line(output)} Details: {log}")


def _last_line(output: str) -> str:
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line.removeprefix("ERROR: ") for line in lines if line.startswith("ERROR:")]
    return (errors or lines or ["no reason was given."])[-1]


def _quiet(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
