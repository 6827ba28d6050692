"""Mini-program codes: ordered with the code, drawn by WeChat's sandbox through the relay, printed beside the ordinary one."""

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from flask import Flask

from models import OutboxEntry, StairwellCode
from models.enums import OutboxKind, Role
from server.config import Settings
from server.core.storage import FolderStore
from server.jobs import relay
from server.places import service
from server.places.service.code_images import FOLDER, Wanted
from tests.server.places.printed import Printed
from tests.server.web.stairwell import picture
from tests.world import Spot, World
from wechat.gateway import Gateway, RequestRefused, WeChatBusy
from wechat.sandbox.server import RunningSandbox

PAGE = "pages/report/report"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """An app whose mini-program has a page for stairwell codes."""
    return replace(settings, wechat=replace(settings.wechat, report_page=PAGE))


@pytest.fixture
def store(settings: Settings) -> FolderStore:
    return FolderStore(settings.photo_dir)


def register(world: World, community: Spot, name: str = "3栋") -> tuple[str, str]:
    """A building registered through the API: its public id and its code."""
    staff = world.staff(Role.COMMUNITY, community)
    body = {"parent": community.public_id, "kind": "building", "code": f"C-{name}", "name": name}
    made = staff.post("/api/v1/places", json=body).json["id"]
    return made, staff.get(f"/api/v1/places/{made}/code").json["code"]


def images(world: World) -> list[str | None]:
    with world.reading() as connection:
        return list(connection.execute(sa.select(StairwellCode.image).order_by(StairwellCode.id)).scalars())


def entries(world: World) -> list[tuple[OutboxKind, str]]:
    with world.reading() as connection:
        rows = connection.execute(sa.select(OutboxEntry.kind, OutboxEntry.outcome).order_by(OutboxEntry.id))
        return [(row.kind, row.outcome) for row in rows]


def scenes(codes: list[str]) -> list[str]:
    """What the sandbox's pictures lead to, among everything a scanner read."""
    return [parse_qs(urlsplit(code).query)["scene"][0] for code in codes if "/scan?" in code]


def test_a_new_buildings_code_is_drawn_kept_and_printed(app: Flask, world: World, store: FolderStore) -> None:
    community = world.community()
    building, code = register(world, community)
    assert entries(world) == [(OutboxKind.CODE_IMAGE, "")]
    staff = world.staff(Role.COMMUNITY, community)
    path = f"/api/v1/places/{building}/posters.pdf"
    assert Printed(staff.get(path).data).read() == [f"http://louzhang.test/q/{code}"], "no poster waits for WeChat"
    assert relay.run(app) == ["code_image kept"]
    assert relay.run(app) == []
    (key,) = images(world)
    assert key is not None
    assert key.startswith(f"{FOLDER}/")
    assert list(store.keys(FOLDER)) == [key]
    for size, copies in (("a4", 1), ("a6", 4)):
        read = Printed(staff.get(f"{path}?size={size}").data).read()
        assert read.count(f"http://louzhang.test/q/{code}") == copies
        assert scenes(read) == [code] * copies
    assert scenes(Printed(staff.get(f"{path}?size=label").data).read()) == []


def test_a_replaced_code_is_drawn_anew_and_a_dark_one_never(app: Flask, world: World, store: FolderStore) -> None:
    community = world.community()
    building, _ = register(world, community)
    staff = world.staff(Role.COMMUNITY, community)
    new = staff.post(f"/api/v1/places/{building}/code/rotations", json={"why": "torn"}).json["code"]
    assert relay.run(app) == ["code_image revoked", "code_image kept"]
    assert [image is None for image in images(world)] == [True, False]
    assert len(list(store.keys(FOLDER))) == 1
    assert scenes(Printed(staff.get(f"/api/v1/places/{building}/posters.pdf").data).read()) == [new]


def test_a_code_that_goes_dark_while_wechat_draws_keeps_no_picture(app: Flask, world: World) -> None:
    community = world.community()
    building, _ = register(world, community)
    staff = world.staff(Role.COMMUNITY, community)

    class Meanwhile(service.CodeImages):
        """The clerk revokes while WeChat draws."""

        def ask(self, gateway: Gateway, loaded: Wanted) -> object:  # type: ignore[override]
            drawn = super().ask(gateway, loaded)
            assert staff.post(f"/api/v1/places/{building}/code/revocations", json={"why": "abused"}).status_code == 204
            return drawn

    assert relay.run(app, {OutboxKind.CODE_IMAGE: Meanwhile()}) == ["code_image revoked"]
    assert images(world) == [None]


def test_existing_codes_are_ordered_when_posters_are_asked_for_once_and_together(app: Flask, world: World) -> None:
    community = world.community()
    buildings = [world.building(community, f"{number}栋") for number in range(3)]
    staff = world.staff(Role.COMMUNITY, community)
    path = f"/api/v1/places/{community.public_id}/posters.pdf?size=a6"
    assert entries(world) == []
    for _ in range(2):
        assert len(Printed(staff.get(path).data).read()) == 3
        assert len(entries(world)) == 3
    assert relay.run(app) == ["code_image kept"] * 3
    assert sorted(scenes(Printed(staff.get(path).data).read())) == sorted(b.stairwell_code for b in buildings)


def test_a_picture_that_was_refused_is_ordered_anew_with_the_next_poster(
    app: Flask, world: World, sandbox: RunningSandbox
) -> None:
    community = world.community()
    building, _ = register(world, community)
    sandbox.faults.add("errcode", path="/wxa/getwxacodeunlimit", errcode=41030)
    assert relay.run(app) == ["code_image dead"]
    assert relay.run(app) == []
    staff = world.staff(Role.COMMUNITY, community)
    for _ in range(2):
        staff.get(f"/api/v1/places/{building}/posters.pdf")
    assert len(entries(world)) == 1
    assert relay.run(app) == ["code_image kept"]
    staff.get(f"/api/v1/places/{building}/posters.pdf")
    assert relay.run(app) == []


def test_a_picture_that_was_lost_does_not_stop_the_printer(app: Flask, world: World, store: FolderStore) -> None:
    community = world.community()
    building, code = register(world, community)
    relay.run(app)
    for key in list(store.keys(FOLDER)):
        store.delete(key)
    staff = world.staff(Role.COMMUNITY, community)
    answer = staff.get(f"/api/v1/places/{building}/posters.pdf")
    assert Printed(answer.data).read() == [f"http://louzhang.test/q/{code}"]


class Painter:
    """A WeChat that sends what it was told to."""

    def __init__(self, drawn: bytes | Exception) -> None:
        self.drawn = drawn

    def mini_code(self, scene: str, page: str, *, width: int = 430) -> bytes:
        if isinstance(self.drawn, Exception):
            raise self.drawn
        return self.drawn


@pytest.fixture
def painted(app: Flask) -> Iterator[type[Painter]]:
    """Lets a test put a Painter in the gateway's place."""
    before = app.extensions["wechat"]
    yield Painter
    app.extensions["wechat"] = before


@pytest.mark.parametrize(
    ("drawn", "ended"),
    [
        (b'{"errcode":41030,"errmsg":"invalid page"}', "dead"),
        (b"", "dead"),
        (b"<html>busy</html>", "dead"),
        (b"\xff\xd8\xff" + b"\0" * 400, "dead"),
        (b"\xff\xd8\xff" + b"\0" * (3 * 1024 * 1024), "dead"),
        (RequestRefused("no such page"), "dead"),
        (WeChatBusy("slow"), "later"),
    ],
)
def test_only_a_picture_is_kept(
    app: Flask, world: World, store: FolderStore, painted: type[Painter], drawn: bytes | Exception, ended: str
) -> None:
    register(world, world.community())
    app.extensions["wechat"] = painted(drawn)
    assert relay.run(app) == [f"code_image {ended}"]
    assert images(world) == [None]
    assert list(store.keys(FOLDER)) == []


def test_a_picture_of_another_shape_is_no_code(
    app: Flask, world: World, store: FolderStore, painted: type[Painter]
) -> None:
    for number, size in enumerate([(40, 40), (600, 300)]):
        register(world, world.community(), f"{number}栋")
        app.extensions["wechat"] = painted(picture(*size).getvalue())
        assert relay.run(app) == ["code_image dead"]
    assert list(store.keys(FOLDER)) == []


class TestWithoutAPage:
    """Where the mini-program has no page for codes, WeChat is never asked."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return replace(settings, wechat=replace(settings.wechat, report_page=""))

    def test_nothing_is_ordered(self, app: Flask, world: World) -> None:
        community = world.community()
        building, code = register(world, community)
        staff = world.staff(Role.COMMUNITY, community)
        assert Printed(staff.get(f"/api/v1/places/{building}/posters.pdf").data).read() == [
            f"http://louzhang.test/q/{code}"
        ]
        assert entries(world) == []
