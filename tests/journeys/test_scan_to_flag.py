"""The main job, from an empty database to the red flag: commands, HTTP and a set clock alone. Nothing is patched."""

import csv
import io
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask

from server.core.clock import SetClock
from server.jobs.runner import tick
from tests.server.photos import album
from tests.server.web.stairwell import Stairwell
from tests.world import Caller, World
from wechat.sandbox.server import RunningSandbox

SHANGHAI = ZoneInfo("Asia/Shanghai")
PASSWORD = "a-long-enough-password"
PLACES = [
    ("code", "name", "kind", "parent"),
    ("d", "示范区", "区", ""),
    ("s", "南湖街道", "街道", "d"),
    ("c", "桂花社区", "社区", "s"),
    ("g", "第一网格", "网格", "c"),
    ("b1", "1栋", "楼栋", "g"),
    ("b2", "2栋", "楼栋", "g"),
    ("b3", "3栋", "楼栋", "g"),
]
STARS = {"b1": 5, "b2": 4, "b3": 3}


def at(year: int, month: int, day: int, hour: int = 9) -> datetime:
    return datetime(year, month, day, hour, tzinfo=SHANGHAI)


class Office:
    """Sets an office up the way its IT person would: at the terminal first, then over HTTP."""

    def __init__(self, app: Flask, tmp_path: Path, sandbox: RunningSandbox) -> None:
        self.app, self.sandbox = app, sandbox
        self.runner = app.test_cli_runner()
        table = tmp_path / "places.csv"
        with table.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows(PLACES)
        self.command("places", "import", str(table), "--load")

    def command(self, *words: str, given: str | None = None) -> str:
        told = self.runner.invoke(args=list(words), input=given)
        assert told.exit_code == 0, told.output
        return told.output

    def staff(self, username: str, role: str, place: str) -> Caller:
        """Make somebody who signs in to the console, and sign in through its form; the same token opens the API."""
        self.command(
            "people", "create-staff", "--name", username, "--username", username, "--role", role, "--place", place,
            "--password-stdin", given=PASSWORD,
        )  # fmt: skip
        return self.sign_in(username)

    def sign_in(self, username: str) -> Caller:
        client = self.app.test_client()
        signed = client.post("/console/sign-in", data={"username": username, "password": PASSWORD, "next": ""})
        assert signed.status_code == 303, signed.text
        cookie = client.get_cookie("louzhang_console", path="/console")
        assert cookie is not None
        return Caller(self.app, cookie.value)

    def sign_in_with_wechat(self, name: str) -> Caller:
        """As the mini-program does at every start: the code of wx.login for a token."""
        caller = Caller(self.app, None)
        caller.token = caller.post("/api/v1/sessions", json={"code": self.sandbox.login_code(name)}).json["token"]
        return caller

    def head(self, clerk: Caller, name: str, place: str) -> Caller:
        """The clerk invites, the head signs in with WeChat and accepts."""
        invited = clerk.post("/api/v1/invitations", json={"place": place, "name": name, "role": "head"})
        assert invited.status_code == 201, invited.json
        head = self.sign_in_with_wechat(name)
        assert head.get("/api/v1/me").json["posts"] == []
        accepted = head.post("/api/v1/invitations/acceptances", json={"code": invited.json["code"]})
        assert accepted.status_code == 201, accepted.json
        (post,) = head.get("/api/v1/me").json["posts"]
        assert (post["role"], post["place"]) == ("head", place)
        return head


def resolve(head: Caller, issue: str, done: str) -> None:
    shown = {"text": done, "done_by": "物业师傅", "photo_ids": [album.kept(head)]}
    for verb, body in (("accept", {}), ("start", {}), ("resolve", shown)):
        answer = head.post(f"/api/v1/issues/{issue}/{verb}", json=body)
        assert answer.status_code == 200, answer.json


def children(caller: Caller, code: str, kind: str) -> dict[str, str]:
    """Public ids by name of the places of a kind the caller sees."""
    found = caller.get(f"/api/v1/places?kind={kind}&limit=100").json["items"]
    return {item["code"]: item["id"] for item in found}


def test_from_scan_to_red_flag(
    app: Flask, world: World, clock: SetClock, sandbox: RunningSandbox, tmp_path: Path
) -> None:
    clock.set(at(2026, 9, 28))
    office = Office(app, tmp_path, sandbox)
    clerk = office.staff("zhoumin", "community", "c")
    community = children(clerk, "c", "community")["c"]
    buildings = children(clerk, "c", "building")
    heads = {code: office.head(clerk, f"楼长{code}", buildings[code]) for code in ("b1", "b2", "b3")}
    codes = {code: clerk.get(f"/api/v1/places/{buildings[code]}/code").json["code"] for code in buildings}

    # October: residents scan and report; heads solve; the residents answer, well in 1栋, worse in 2栋, badly in 3栋.
    answers = {
        "b1": {"contacted": "true", "solved": "true", "satisfaction": "satisfied"},
        "b2": {"contacted": "true", "solved": "true", "satisfaction": "fairly"},
        "b3": {"contacted": "false", "solved": "false", "satisfaction": "unsatisfied"},
    }
    for code, said in answers.items():
        for day in (9, 13, 20):
            clock.set(at(2026, 10, day))
            stairs = Stairwell(world, SimpleNamespace(stairwell_code=codes[code]))  # type: ignore[arg-type]
            assert "栋" in stairs.scan().text
            stairs.send(category="leak", text="三楼水管漏水", spot="二单元")
            (issue,) = heads[code].get("/api/v1/issues?state=reported").json["items"]
            clock.advance(timedelta(hours=5))
            resolve(heads[code], issue["id"], "换了水管接头")
            clock.advance(timedelta(hours=20))
            pressed = "confirm" if said["solved"] == "true" else "rate"
            assert stairs.say(pressed, **said).status_code == 303
            assert stairs.follow().status_code == 200

    # The office looks at each building.
    clock.set(at(2026, 10, 28))
    clerk = office.sign_in("zhoumin")  # console sessions last half a day
    for code, stars in STARS.items():
        sheet = dict.fromkeys(("stairwell", "safety", "care", "neighbours"), stars)
        put = clerk.put(f"/api/v1/inspections/2026-10/{buildings[code]}", json=sheet)
        assert put.status_code == 201, put.json

    # The 1st, 08:00: what time itself does. Twice: the second look finds nothing to do.
    month = f"/api/v1/months/2026-10/communities/{community}"
    clock.set(at(2026, 11, 1, 7))
    assert not [done for done in tick(app) if done.startswith("close_month 2026-10")]
    clock.set(at(2026, 11, 1, 8))
    assert "close_month 2026-10" in tick(app)
    assert "close_month 2026-10" not in tick(app)
    clerk = office.sign_in("zhoumin")
    heads = {code: office.sign_in_with_wechat(f"楼长{code}") for code in heads}
    draft = clerk.get(month).json
    assert draft["month"]["state"] == "draft"
    assert [(row["building_name"], row["rank"]) for row in draft["standings"]] == [("1栋", 1), ("2栋", 2), ("3栋", 3)]
    assert heads["b1"].get(month).status_code == 404, "a draft is for the office"

    # Notice, sealed by a second person when it is over, published.
    clock.set(at(2026, 11, 2))
    clerk = office.sign_in("zhoumin")
    assert clerk.post(f"{month}/notice", json={}).status_code == 200
    late = dict.fromkeys(("stairwell", "safety", "care", "neighbours"), 1)
    changed = clerk.put(f"/api/v1/inspections/2026-10/{buildings['b1']}", json=late, headers={"If-Match": '"1"'})
    assert changed.status_code == 409, "what is on notice is not changed behind it"
    second = office.staff("zhengkai", "community", "c")
    assert second.post(f"{month}/seal", json={}).status_code == 409, "the notice is not over"
    clock.set(at(2026, 11, 10))
    clerk, second = office.sign_in("zhoumin"), office.sign_in("zhengkai")
    assert clerk.post(f"{month}/seal", json={}).status_code == 409, "not by the one who opened the notice"
    assert second.post(f"{month}/seal", json={}).status_code == 200
    assert second.post(f"{month}/publish", json={}).status_code == 200
    published = clerk.get(month).json
    assert (published["month"]["state"], len(published["month"]["manifest_hash"])) == ("published", 64)
    assert [row["red_flag"] for row in published["standings"]] == [True, True, False]

    explains_itself(heads["b1"], clerk, month, buildings["b1"])
    told = heads["b1"].get("/api/v1/messages").json["items"]
    assert any("10月" in message["title"] for message in told), told
    workbook = clerk.get(f"{month}/export.xlsx")
    assert workbook.data[:2] == b"PK"
    assert "校验码全部一致" in office.command("month", "verify")
    assert "the chain holds" in office.command("audit", "verify")


def explains_itself(head: Caller, clerk: Caller, month: str, building: str) -> None:
    """The sum is the sum of its lines, and every line tells its reason and opens to its evidence."""
    mine: dict[str, Any] = head.get("/api/v1/scores/mine?month=2026-10").json
    assert mine["red_flag"] is True
    assert mine["total"] == sum(line["points"] for line in mine["lines"])
    by_part = {line["component"]: line for line in mine["lines"]}
    assert by_part["survey"]["thin"] is True
    assert by_part["case_handling"]["points"] > 0
    assert all(line["reason"] and line["rule_id"] and line["rule_version"] for line in mine["lines"])
    evidence = clerk.get(by_part["case_handling"]["evidence"])
    assert len(evidence.json["items"]) == 3
    for item in evidence.json["items"]:
        opened = clerk.get(item["link"])
        assert opened.status_code == 200
        moves = [event["move"] for event in opened.json["timeline"]]
        assert moves == ["report", "accept", "start", "resolve", "confirm"]
    assert io.BytesIO(clerk.get(f"{month}/export.xlsx").data).read(2) == b"PK"
