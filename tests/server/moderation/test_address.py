"""The address WeChat fetches a photo from: short-lived, unguessable, dark as soon as there is a verdict."""

import pytest

from models.enums import CheckState
from server.photos import queries as photos
from tests.server.moderation.conftest import Checking, ChosenWeChat

HOST = "http://louzhang.test"


@pytest.fixture
def address(check: Checking, wechat: ChosenWeChat) -> str:
    """The path WeChat was told."""
    check.report(photos=1)
    check.work()
    (url, _openid) = wechat.urls[0]
    assert url.startswith(f"{HOST}/api/v1/media/")
    return url.removeprefix(HOST)


def fetch(check: Checking, path: str) -> int:
    return check.world.anyone().get(path).status_code


def test_it_shows_the_photo_while_the_check_waits(check: Checking, address: str) -> None:
    answer = check.world.anyone().get(address)
    assert (answer.status_code, answer.content_type, answer.headers["Cache-Control"]) == (200, "image/jpeg", "no-store")
    assert answer.data.startswith(b"\xff\xd8\xff")
    assert check.world.anyone().open("HEAD", address).status_code == 200


@pytest.mark.parametrize("verdict", ["pass", "risky", "review"])
def test_it_is_dark_after_the_verdict(check: Checking, address: str, verdict: str) -> None:
    assert check.push(verdict, 20002)
    assert fetch(check, address) == 404


def test_it_is_dark_after_a_persons_word(check: Checking, address: str) -> None:
    check.decide(True, at=1)
    assert fetch(check, address) == 404


def test_it_is_dark_when_its_time_is_over(check: Checking, address: str) -> None:
    check.forward(minutes=39)
    assert fetch(check, address) == 200
    check.forward(minutes=1)
    assert check.states()[1] is CheckState.WAITING
    assert fetch(check, address) == 404


def test_it_never_outlives_the_two_hours(check: Checking, wechat: ChosenWeChat) -> None:
    check.forward(hours=1)
    check.report(photos=1)
    check.ask()
    check.forward(minutes=59)
    check.work()
    (path,) = [url.removeprefix(HOST) for url, _ in wechat.urls]
    check.forward(minutes=39)
    assert fetch(check, path) == 200
    check.forward(minutes=22)
    assert fetch(check, path) == 404


def test_it_cannot_be_made_up_or_bent(check: Checking, address: str) -> None:
    prefix, _, token = address.rpartition("/")
    for bent in (
        token[:-1],
        token + "A",
        token[:20] + ("A" if token[20] != "A" else "B") + token[21:],
        "x",
        "=",
        "*" * 9,
    ):
        assert fetch(check, f"{prefix}/{bent}") == 404
    photo = check.clerk.get("/api/v1/moderation?state=waiting").json["items"][0]["photo"]
    assert fetch(check, f"{prefix}/{photo}") == 404
    assert photo not in address


def test_only_what_waits_for_a_check_has_an_address(check: Checking) -> None:
    """A well-sealed address of a photo nobody checks: an inspection's, or one not attached yet."""
    from tests.server.photos.album import kept

    loose = kept(check.reporter)
    with check.world.reading():
        url = photos.public_address(loose, check.world.clock.now().replace(year=2030))
    assert fetch(check, url.removeprefix(HOST)) == 404
