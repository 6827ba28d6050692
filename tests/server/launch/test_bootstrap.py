"""Making and filling `.venv` in a project with nothing in it; and the one line when that cannot be done."""

import shutil
import subprocess
import sys
from pathlib import Path

import pip
import pytest

from server.launch import bootstrap
from server.launch.refusal import Refusal
from tests.server.launch.processes import ROOT, SECONDS, clean_env

BASE = sys._base_executable  # type: ignore[attr-defined]  # the Python outside any virtual environment
NOWHERE = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_CONFIG_FILE": "/dev/null", "PIP_FIND_LINKS": ""}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """The launcher with requirements of nothing and a bench that tells where it runs."""
    home = tmp_path / "project"
    (home / "tests").mkdir(parents=True)
    shutil.copytree(ROOT / "server" / "launch", home / "server" / "launch")
    for name in ("__init__.py", "__main__.py", "config.py"):
        shutil.copy(ROOT / "server" / name, home / "server" / name)
    (home / "server" / "constraints.txt").write_text("")
    (home / "requirements.txt").write_text("# nothing\n")
    (home / "tests" / "requirements.txt").write_text("-r ../requirements.txt\n")
    (home / "tests" / "__init__.py").touch()
    (home / "tests" / "bench.py").write_text("import sys; print('in', sys.prefix, sys.argv[1:])")
    return home


def say(project: Path, *words: str, **env: str) -> tuple[int, str, str]:
    """`python3 -m server WORDS` with the system's Python: exit status, output, errors."""
    done = subprocess.run(
        [BASE, "-m", "server", *words],
        cwd=project,
        env=clean_env(**env),
        text=True,
        capture_output=True,
        timeout=SECONDS,
    )
    return done.returncode, done.stdout, done.stderr


def make_venv(project: Path) -> None:
    """A `.venv` in a moment: pip is lent from ours. (Making one from nothing takes long; `.ci/run` does that.)"""
    subprocess.run([BASE, "-m", "venv", "--without-pip", str(project / ".venv")], check=True, timeout=SECONDS)
    site = next((project / ".venv" / "lib").glob("python*/site-packages"))
    (site / "lent.pth").write_text(str(Path(pip.__file__).parents[1]))


def test_filling_a_venv_entering_it_and_coming_again(project: Path) -> None:
    make_venv(project)
    (project / "requirements.txt").write_text("louzhang-no-such-package\n")
    status, out, err = say(project, "bench", **NOWHERE)
    assert (status, err.count("\n")) == (1, 1), err
    assert "No package index could be reached" in err
    assert (project / ".venv" / "install.log").exists()

    (project / "requirements.txt").write_text("# nothing\n")
    status, out, err = say(project, "bench", "--quick")
    assert (status, err) == (0, "")
    assert out.splitlines()[-1] == f"in {project / '.venv'} ['--quick']"
    assert "Installing" in out

    status, out, err = say(project, "bench", **NOWHERE)
    assert (status, err, "Installing" in out) == (0, "", False)


@pytest.mark.parametrize(
    ("words", "env", "line"),
    [
        (["up"], {"PORT": "http"}, "PORT must be a number from 1 to 65535, not 'http'.\n"),
        (["up", "now"], {}, "up takes no 'now'; settings come from the environment: PORT=8010 python3 -m server up\n"),
        (
            ["up"],
            {"PORT": "65535", "DATABASE_URL": "mysql://x"},
            "DATABASE_URL must be a sqlite or postgresql address\n",
        ),
        (
            ["up"],
            {"PORT": "65535", "LOUZHANG_INSTANCE": "/proc/no"},
            "Cannot write to /proc/no: No such file or directory.",
        ),
        (["upp"], {}, "There is no 'upp' here: say one of up, test, lint, bench, flask.\n"),
    ],
)
def test_what_is_wrong_is_one_line_before_anything_is_installed(
    project: Path, words: list[str], env: dict[str, str], line: str
) -> None:
    status, out, err = say(project, *words, **env)
    assert (status, out, err.count("\n")) == (1, "", 1)
    assert err.startswith(line)
    assert not (project / ".venv").exists()


def test_without_words_it_says_what_it_can_do(project: Path) -> None:
    status, out, _ = say(project)
    assert (status, out.splitlines()[0]) == (0, "usage: python3 -m server WORD")


def test_a_foreign_environment_is_used_as_it_is(project: Path) -> None:
    (project / "requirements.txt").write_text("louzhang-no-such-package>=1\nanother\n")
    status, _, err = say(project, "bench", LOUZHANG_NO_BOOTSTRAP="1")
    expected = (
        "This Python environment lacks louzhang-no-such-package and 1 more: run  pip install -r tests/requirements.txt"
    )
    assert (status, err.count("\n")) == (1, 1)
    assert err.startswith(expected)
    assert not (project / ".venv").exists()


def test_a_read_only_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Refusal, match=r"Cannot write to .*: Not a directory"):
        bootstrap.refuse_unwritable(tmp_path / "file" / "below")


def test_a_python_without_venv_is_told_which_package_has_it() -> None:
    bootstrap.refuse_without_venv(True)
    with pytest.raises(Refusal, match=r"apt install python3\.\d+-venv$"):
        bootstrap.refuse_without_venv(False)


def test_included_files_count_as_asked_for() -> None:
    names = bootstrap.direct(bootstrap.TESTS)
    assert {"Flask", "gunicorn", "pytest", "psycopg"} <= set(names)


def test_a_changed_requirement_is_noticed(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bootstrap, "ROOT", project)
    monkeypatch.setattr(bootstrap, "VENV", project / ".venv")
    python = project / ".venv" / "bin" / "python"
    python.parent.mkdir(parents=True)
    python.symlink_to(sys.executable)
    for requirements in (bootstrap.RUNTIME, bootstrap.TESTS):
        assert not bootstrap.is_current(requirements)
        bootstrap._stamp(requirements).write_text(bootstrap._mark(requirements), encoding="utf-8")
        assert bootstrap.is_current(requirements)
    (project / "tests" / "requirements.txt").write_text("new\n")
    assert bootstrap.is_current(bootstrap.RUNTIME)
    assert not bootstrap.is_current(bootstrap.TESTS)
    (project / "server" / "constraints.txt").write_text("new==1\n")
    assert not bootstrap.is_current(bootstrap.RUNTIME)
