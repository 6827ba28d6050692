"""`flask people …`: the first people of an installation, and closing their doors."""

import pytest
import sqlalchemy as sa
from click.testing import Result
from flask import Flask

from models import Appointment, AuditEvent, Person
from models.enums import Role, SessionKind
from server.core import auth, clock
from server.core.errors import Problem
from server.identity import service as identity
from tests.world import Caller, World

PASSWORD = "correct horse battery"


def run(app: Flask, *words: str, typed: str | None = None) -> Result:
    return app.test_cli_runner().invoke(args=["people", *words], input=typed)


def create(app: Flask, place: str, role: str = "community", typed: str = f"{PASSWORD}\n", **changes: str) -> Result:
    options = {"name": "赵主任", "username": "Zhao.Li", "role": role, "place": place, **changes}
    return run(
        app, "create-staff", *(part for key, value in options.items() for part in (f"--{key}", value)),
        "--password-stdin", typed=typed,
    )  # fmt: skip


def sign_in(world: World, password: str = PASSWORD) -> str:
    with world.writing():
        return identity.sign_in_with_password("zhao.li", password, clock.now())[0]


def test_the_first_person_can_sign_in_and_has_a_post(app: Flask, world: World) -> None:
    community = world.community()
    made = create(app, community.code)
    assert made.exit_code == 0, made.output
    assert PASSWORD not in made.output
    me = Caller(app, sign_in(world)).get("/api/v1/me").json
    assert (me["name"], [(p["role"], p["place"]) for p in me["posts"]]) == (
        "赵主任",
        [("community", community.public_id)],
    )
    with world.reading() as connection:
        actions = connection.execute(sa.select(AuditEvent.action).order_by(AuditEvent.id)).scalars().all()
        assert actions[:2] == ["person:create", "appointment:start"]


def test_a_password_is_asked_twice_and_not_shown(app: Flask, world: World) -> None:
    words = ["create-staff", "--name", "赵", "--username", "zhao.li", "--role", "community", "--place"]
    code = world.community().code
    assert run(app, *words, code, typed=f"{PASSWORD}\nother\n").exit_code == 1
    made = run(app, *words, code, typed=f"{PASSWORD}\n{PASSWORD}\n")
    assert made.exit_code == 0, made.output
    assert PASSWORD not in made.output
    assert sign_in(world)


def test_what_is_wrong_is_one_line_and_nobody_is_half_made(app: Flask, world: World) -> None:
    community = world.community()
    for refused, said in (
        (create(app, "nowhere"), "没有这个编码的地点"),
        (create(app, community.code, "street"), "街道只能任命到街道/镇"),
        (create(app, community.code, typed="short\n"), "密码至少"),
        (create(app, community.code, typed=""), "密码至少"),
        (create(app, community.code, username="赵"), "用户名"),
        (create(app, community.code, name="长" * 41), "40 个字"),
        (create(app, community.code, name=" "), "40 个字"),
        (create(app, community.code, name="a\u202eb"), "控制字符"),
        (create(app, community.code, "head"), "head"),
    ):
        assert refused.exit_code != 0
        assert said in refused.output
        assert "Traceback" not in refused.output
    with world.reading() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(Person)).scalar() == 0
        assert connection.execute(sa.select(sa.func.count()).select_from(Appointment)).scalar() == 0
    assert create(app, community.code).exit_code == 0
    assert "已经有人用了" in create(app, community.code).output


def test_a_disabled_account_is_dark_at_once_and_can_be_opened_again(app: Flask, world: World) -> None:
    create(app, world.community().code)
    signed_in = Caller(app, sign_in(world))
    assert signed_in.get("/api/v1/me").status_code == 200
    for _ in range(2):
        assert run(app, "disable", "ZHAO.LI").exit_code == 0
    assert signed_in.get("/api/v1/me").status_code == 401
    with pytest.raises(Problem, match="用户名或密码不对"):
        sign_in(world)
    assert run(app, "enable", "zhao.li").exit_code == 0
    assert signed_in.get("/api/v1/me").status_code == 401, "old sessions stay ended"
    assert Caller(app, sign_in(world)).get("/api/v1/me").status_code == 200


def test_a_new_password_ends_every_session(app: Flask, world: World) -> None:
    create(app, world.community().code)
    signed_in = Caller(app, sign_in(world))
    with world.writing():
        auth.open_session(1, SessionKind.CONSOLE, clock.now())
    assert run(app, "reset-password", "zhao.li", "--password-stdin", typed="short\n").exit_code == 1
    assert signed_in.get("/api/v1/me").status_code == 200
    assert run(app, "reset-password", "zhao.li", "--password-stdin", typed="another long password\n").exit_code == 0
    assert signed_in.get("/api/v1/me").status_code == 401
    with pytest.raises(Problem, match="用户名或密码不对"):
        sign_in(world)
    assert Caller(app, sign_in(world, "another long password")).get("/api/v1/me").json["posts"][0]["role"] == (
        Role.COMMUNITY
    )


@pytest.mark.parametrize("words", [["disable"], ["enable"], ["reset-password", "--password-stdin"]])
def test_an_unknown_user_name_is_one_line(app: Flask, words: list[str]) -> None:
    refused = run(app, *words, "nobody", typed=f"{PASSWORD}\n")
    assert refused.exit_code == 1
    assert "没有这个用户名" in refused.output
