"""Residents' pages over HTTP, as a browser without script: scan, report, follow, say how it went."""

import html
import re
import threading
from dataclasses import replace
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from models import Issue, Photo, Place, StairwellCode
from models.enums import IssueCategory, PlaceKind, Role
from server.config import Settings
from tests.server.photos.album import kept
from tests.server.web.stairwell import Stairwell, once_of, picture, words
from tests.world import Caller, Spot, World


def count(world: World, model: Any = Issue) -> int:
    with world.reading() as connection:
        return int(connection.execute(sa.select(sa.func.count()).select_from(model)).scalar_one())


def staff_move(caller: Caller, verb: str, **body: Any) -> None:
    issue = caller.get("/api/v1/issues").json["items"][0]["id"]
    answer = caller.post(f"/api/v1/issues/{issue}/{verb}", json=body)
    assert answer.status_code == 200, answer.json


# --- scanning


def test_the_page_says_which_building_this_is(world: World) -> None:
    community = world.community("幸福里社区")
    estate = world.place(PlaceKind.ESTATE, world.grid(community), "向阳花园")
    page = Stairwell(world, world.building(estate, "3号楼")).scan()
    assert page.status_code == 200
    for said in ("幸福里社区", "向阳花园", "3号楼", *(category.zh for category in IssueCategory)):
        assert said in words(page)


def test_the_first_visit_is_light(world: World) -> None:
    stairs = Stairwell(world, world.building())
    page = stairs.scan()
    assets = re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text)
    assert len(assets) == 2
    sizes = [len(page.data), *(len(stairs.anyone.get(asset).data) for asset in assets)]
    assert sum(sizes) < 60_000  # raw; design §7; the shipped book's topics and questions are a third of the page
    gzip = {"Accept-Encoding": "gzip"}
    sent = [len(stairs.anyone.get(path, headers=gzip).data) for path in (stairs.path, *assets)]
    assert sum(sent) < 18_000


def test_assets_keep_for_a_year_under_an_address_of_their_own(world: World) -> None:
    stairs = Stairwell(world, world.building())
    for asset in re.findall(r'(?:href|src)="(/static/[^"]+)"', stairs.scan().text):
        assert "?v=" in asset
        assert "immutable" in stairs.anyone.get(asset).headers["Cache-Control"]
        assert "immutable" not in stairs.anyone.get(asset + "0").headers["Cache-Control"]


def test_no_cookie_no_trace_no_script_in_the_page(world: World) -> None:
    stairs = Stairwell(world, world.building())
    receipt = stairs.send()
    plain = stairs.claim.replace("-", "")
    for page in (stairs.scan(), receipt, stairs.anyone.get("/r"), stairs.anyone.get(f"/r/{plain}")):
        assert "Set-Cookie" not in page.headers
        assert page.headers["Cache-Control"] == "no-store"
        assert page.headers["Referrer-Policy"] == "no-referrer"
        assert "noindex" in page.headers["X-Robots-Tag"]
        assert '<meta name="robots" content="noindex' in page.text
        assert not re.search(r"<script(?![^>]* src=)|<style|\sstyle=|\son[a-z]+=", page.text)
        assert "http:" not in page.text
        assert "https:" not in page.text


def test_an_unknown_code_is_told_kindly(world: World) -> None:
    for code in ("zzzzzzzz", "x" * 200, "%00", "..%2f", "码"):
        page = world.anyone().get(f"/q/{code}")
        assert page.status_code == 404
        assert "请扫楼道里新贴的码，或者联系社区" in words(page) or "没有找到" in words(page)
    assert "请扫楼道里新贴的码" in words(world.anyone().get("/q/zzzzzzzz"))


@pytest.mark.parametrize("how", ["revoked", "closed"])
def test_a_revoked_code_or_closed_building_says_so_and_nothing_more(world: World, how: str) -> None:
    building = world.building(world.grid(world.community("幸福里社区")), "3号楼")
    stairs = Stairwell(world, building)
    once = once_of(stairs.scan())
    with world.writing() as connection:
        if how == "revoked":
            connection.execute(sa.update(StairwellCode).values(revoked_at=world.clock.now()))
        else:
            connection.execute(sa.update(Place).where(Place.id == building.id).values(closed_at=world.clock.now()))
    for page in (stairs.scan(), stairs.post(once=once, category="lift", text="电梯停了")):
        assert page.status_code == 410
        assert "联系社区" in words(page)
        assert "3号楼" not in page.text
        assert "幸福里" not in page.text
    assert count(world) == 0


# --- reporting


def test_from_the_scan_to_the_reporters_own_word(world: World) -> None:
    building = world.building(name="3号楼")
    head = world.head(building)
    stairs = Stairwell(world, building)
    receipt = stairs.send(category="lighting", text="三楼的灯坏了两天", spot="2单元3楼", photos=[picture()])
    assert "已转给本楼的楼栋长" in words(receipt)
    assert "截屏" in words(receipt)

    page = stairs.follow()
    assert "已送到楼栋长，等受理" in words(page)
    assert "三楼的灯坏了两天" in words(page)
    assert "确认" not in words(page)  # nothing to confirm yet

    world.clock.advance(timedelta(hours=3))
    staff_move(head, "accept")
    after = kept(head)  # the shipped book asks for a photo of a lamp that is mended
    staff_move(head, "resolve", text="换了声控灯，晚上试过了", done_by="物业师傅", photo_ids=[after])
    page = stairs.follow()
    assert "楼栋长说办好了" in words(page)
    assert "换了声控灯" in words(page)

    done = stairs.say("confirm", contacted="true", satisfaction="satisfied")
    assert done.status_code == 303
    page = stairs.anyone.get(done.location)
    assert "收到了，已经销号" in words(page)
    assert "已经解决，销号了" in words(page)
    issue = head.get("/api/v1/issues").json["items"][0]
    assert issue["state"] == "confirmed"


def test_a_category_and_a_usual_sentence_are_enough(world: World) -> None:
    building = world.building()
    head = world.head(building)
    stairs = Stairwell(world, building)
    stairs.send(category="lift", text="", phrase=["电梯停了不动", "灯一直闪"])  # the second belongs to another category
    issue = head.get("/api/v1/issues").json["items"][0]
    assert issue["excerpt"] == "电梯停了不动"
    stairs.send(category="lift", phrase="电梯停了不动", text="三楼有老人")
    issue = head.get("/api/v1/issues").json["items"][0]
    assert issue["excerpt"] == "电梯停了不动。\n三楼有老人"


def test_a_code_typed_by_hand_is_forgiven(world: World) -> None:
    stairs = Stairwell(world, world.building())
    stairs.path = stairs.path.replace("/q/", "/q/ ").upper().replace("/Q/", "/q/")
    stairs.send()
    assert count(world) == 1


def test_a_word_about_the_head_does_not_reach_her(world: World) -> None:
    building = world.building()
    head = world.head(building)
    stairs = Stairwell(world, building)
    receipt = stairs.send(about_head="true")
    assert "不经过楼栋长" in words(receipt)
    assert head.get("/api/v1/issues").json["items"] == []


def test_the_same_sending_twice_is_one_report(world: World) -> None:
    stairs = Stairwell(world, world.building())
    once = once_of(stairs.scan())
    answers = [
        stairs.post(once=once, category="leak", text="漏水", photos=[picture(), picture(50, 50)]) for _ in range(2)
    ]
    assert [a.status_code for a in answers] == [303, 303]
    assert answers[0].location == answers[1].location
    assert count(world) == 1
    assert count(world, Photo) == 2


def test_a_double_tap_is_one_report_and_shows_one_receipt(world: World) -> None:
    building = world.building()
    once = once_of(Stairwell(world, building).scan())
    together, answers = threading.Barrier(4), []

    def tap() -> None:
        phone = Stairwell(world, building)
        together.wait()
        answers.append(phone.post(once=once, category="leak", text="漏水"))

    threads = [threading.Thread(target=tap) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [a.status_code for a in answers] == [303] * 4
    assert len({a.location for a in answers}) == 1
    assert count(world) == 1


@pytest.mark.parametrize(
    ("fields", "slot", "said"),
    [
        ({"category": "", "text": "灯坏了"}, "category", "请先点选是哪方面的事"),
        ({"category": "rocket", "text": "灯坏了"}, "category", "只能是"),
        ({"category": "lift", "text": " \n "}, "text", "请点一句常用的话，或者写一句发生了什么"),
        ({"category": "lift", "text": "字" * 4001}, "text", "4000"),
        ({"category": "lift", "text": "坏\x07了"}, "text", "控制字符"),
        ({"category": "lift", "text": "坏了", "spot": "楼" * 61}, "spot", "60"),
        ({"category": "lift", "text": "坏了", "contact": "打我电话"}, "contact", "电话号码只能是"),
        ({"category": "lift", "text": "坏了", "about_head": "perhaps"}, "", "有几处要改一下"),
    ],
)
def test_what_is_wrong_is_said_at_the_field_and_the_text_is_kept(
    world: World, fields: dict[str, str], slot: str, said: str
) -> None:
    stairs = Stairwell(world, world.building())
    page = stairs.post(**{"spot": "2单元", **fields})
    assert page.status_code == 422
    found = re.search(rf'id="wrong-{slot}" data-slot="{slot}">([^<]*)<', page.text) if slot else None
    assert said in (found[1] if found else words(page))
    for name in ("spot", "text"):
        kept = fields.get(name, "2单元" if name == "spot" else "").strip()
        assert kept in html.unescape(page.text)
    assert count(world) == 0
    assert once_of(page)


def test_typed_text_is_shown_as_text(world: World) -> None:
    nasty = "<script>alert(1)</script><img src=x onerror=alert(2)>\"'&"
    building = world.building(name="<b>3号楼</b>")
    stairs = Stairwell(world, building)
    refused = stairs.post(category="", text=nasty, spot=nasty[:60], contact='"><i>')
    stairs.send(text=nasty, spot=nasty[:60])
    staff_move(world.head(building), "notes", text=nasty)
    for page in (refused, stairs.scan(), stairs.follow(), stairs.anyone.get("/r", query_string={"claim": nasty})):
        assert "<script>alert" not in page.text
        assert "<img src=x" not in page.text
        assert "<b>3号楼" not in page.text
        assert '"><i>' not in page.text
    assert nasty.replace("  ", " ") in words(stairs.follow())


# --- photos


def test_photos_are_shown_to_the_holder_of_the_claim_code_and_to_nobody_else(world: World) -> None:
    building = world.building()
    stairs, other = Stairwell(world, building), Stairwell(world, building)
    stairs.send(photos=[picture(), picture(kind="PNG")])
    other.send()
    shown = re.findall(r'<img src="([^"]+)" width="40" height="30" alt="问题的照片', stairs.follow().text)
    assert len(shown) == 2
    photo = stairs.anyone.get(shown[0])
    assert (photo.status_code, photo.mimetype) == (200, "image/jpeg")
    assert photo.data[:3] == b"\xff\xd8\xff"
    assert photo.headers["Cache-Control"] == "no-store"
    name = shown[0].rpartition("/")[2]
    assert stairs.anyone.get(f"/r/{other.claim.replace('-', '')}/photos/{name}").status_code == 404
    assert stairs.anyone.get(f"/r/zzzzzzzzzzzz/photos/{name}").status_code == 404


@pytest.mark.parametrize(
    ("photos", "said"),
    [
        (lambda: [picture() for _ in range(7)], "最多 6 张照片，您选了 7 张"),
        (lambda: [BytesIO(picture().getvalue()[:200])], "打不开"),
        (lambda: [BytesIO(b"<svg xmlns='http://www.w3.org/2000/svg'/>")], "只能上传"),
        (lambda: [picture(10_000, 10_000, "PNG", "1")], "像素太多"),
        (lambda: [picture(), picture(), BytesIO(b"GIF89a broken")], "第 3 张"),
    ],
)
def test_a_bad_photo_keeps_the_words_and_says_what_to_do(world: World, photos: Any, said: str) -> None:
    stairs = Stairwell(world, world.building())
    page = stairs.post(category="lift", text="电梯停在四楼", photos=photos())
    assert page.status_code == 422
    found = re.search(r'id="wrong-photos" data-slot="photos">([^<]*)<', page.text)
    assert found
    assert said in found[1]
    assert "请再选一次" in words(page)
    assert "电梯停在四楼" in page.text
    assert (count(world), count(world, Photo)) == (0, 0)


def test_too_much_at_once_is_refused_in_words(app: Flask, world: World) -> None:
    stairs = Stairwell(world, world.building())
    app.view_functions["resident.send"].__takes_up_to__ = 2000  # type: ignore[attr-defined]
    try:
        page = stairs.post(category="lift", text="电梯停在四楼", photos=[BytesIO(b"x" * 3000)])
    finally:
        app.view_functions["resident.send"].__takes_up_to__ = 60 * 1024 * 1024  # type: ignore[attr-defined]
    assert page.status_code == 413
    assert "少选几张照片" in words(page)


# --- following


def test_a_claim_code_is_forgiving_and_a_wrong_one_is_told(world: World) -> None:
    stairs = Stairwell(world, world.building())
    stairs.send()
    wide = "".join(chr(ord(c) + 0xFEE0) for c in stairs.claim.upper())
    for typed in (stairs.claim, stairs.claim.upper(), f" {stairs.claim.replace('-', ' ')} ", wide, stairs.claim + "。"):
        found = stairs.anyone.get("/r", query_string={"claim": typed})
        assert (found.status_code, found.location) == (303, f"/r/{stairs.claim.replace('-', '')}"), typed
    for typed in ("zzzz-zzzz-zzzz", "abc", "x" * 5000, "码" * 30 + "a"):
        missed = stairs.anyone.get("/r", query_string={"claim": typed})
        assert missed.status_code == 404
        assert "没有找到这个查询码" in words(missed)
    assert stairs.anyone.get("/r/zzzzzzzzzzzz").status_code == 404
    assert stairs.anyone.get("/r/zzzzzzzzzzzz/receipt").status_code == 404
    assert stairs.anyone.post("/r/zzzzzzzzzzzz/confirm", data={}).status_code == 404


def test_not_solved_goes_up_a_level_with_a_tap(world: World) -> None:
    building = world.building()
    head = world.head(building)
    stairs = Stairwell(world, building)
    stairs.send()
    staff_move(head, "resolve", text="修好了", done_by="物业师傅")
    empty = stairs.say("reopen")
    assert empty.status_code == 422
    assert "请点一句，或者写一句哪里还没好" in words(empty)
    done = stairs.say("reopen", phrase="好了几天又坏了")
    assert done.status_code == 303
    page = stairs.anyone.get(done.location)
    assert "还没好，已交网格员重新办" in words(page)
    assert "好了几天又坏了" in words(page)


def test_an_ended_issue_can_be_rated_for_a_while(world: World) -> None:
    building = world.building()
    head = world.head(building)
    stairs = Stairwell(world, building)
    stairs.send()
    staff_move(head, "resolve", text="修好了", done_by="物业师傅")
    stairs.say("confirm")
    assert "修改评价" in words(stairs.follow())
    done = stairs.say("rate", contacted="false", satisfaction="fairly")
    assert done.status_code == 303
    nothing = stairs.say("rate")
    assert nothing.status_code == 409
    assert "请至少回答" in words(nothing)
    world.clock.advance(timedelta(days=31))
    assert "评价" not in words(stairs.follow()).split("经过")[0]
    late = stairs.say("rate", once="k" * 20, satisfaction="fairly")
    assert late.status_code == 409
    assert "超过30天" in words(late)


def test_a_word_can_be_added_and_the_report_taken_back(world: World) -> None:
    building = world.building()
    head = world.head(building)
    stairs = Stairwell(world, building)
    stairs.send()
    assert "请写上要补充的话" in words(stairs.say("note", text="  "))
    assert stairs.say("note", text="四楼也停了").status_code == 303
    issue = head.get("/api/v1/issues").json["items"][0]["id"]
    assert "四楼也停了" in head.get(f"/api/v1/issues/{issue}").json["timeline"][-1]["text"]
    once = "w" * 20
    assert stairs.say("withdraw", once=once).status_code == 303
    assert stairs.say("withdraw", once=once).status_code == 303  # the same word again
    assert "您已经撤回" in words(stairs.follow())
    refused = stairs.say("withdraw", once="v" * 20)  # another one
    assert refused.status_code == 409
    assert "不能撤回" in words(refused)


def test_what_the_law_refuses_is_said_on_the_page_and_keeps_the_words(world: World) -> None:
    stairs = Stairwell(world, world.building())
    stairs.send()
    refused = stairs.say("reopen", text="还在漏")
    assert refused.status_code == 409
    assert "不能还没好" in words(refused) or "待受理" in words(refused)
    assert stairs.say("fly").status_code == 404
    plain = stairs.claim.replace("-", "")
    assert stairs.anyone.get(f"/r/{plain}/reopen").location == f"/r/{plain}"  # the refused form's address, reopened


def test_a_joined_report_shows_how_the_other_one_ended_and_nothing_of_its_reporter(world: World) -> None:
    building = world.building()
    head = world.head(building)
    first, second = Stairwell(world, building), Stairwell(world, building)
    first.send(text="我是一楼的李四，电梯停了", spot="1单元")
    second.send(text="电梯坏了")
    later, earlier = (item["id"] for item in head.get("/api/v1/issues").json["items"])
    assert head.post(f"/api/v1/issues/{later}/join", json={"target": earlier}).status_code == 200
    page = words(second.follow())
    assert "和另一件相同的事并在一起办" in page
    assert "那一件现在在楼栋长手里" in page
    first.say("note", text="李四补充")
    head.post(f"/api/v1/issues/{earlier}/resolve", json={"text": "换了门机皮带", "done_by": "物业师傅"})
    page = words(second.follow())
    assert "换了门机皮带" in page
    assert "李四" not in page
    assert "1单元" not in page


def test_a_declined_report_names_who_is_responsible(world: World) -> None:
    community = world.community()
    building = world.building(world.grid(community))
    stairs = Stairwell(world, building)
    stairs.send(category="power", text="表前线断了")
    staff_move(
        world.staff(Role.GRID, _grid(world, building)), "decline", text="电表以外归供电所", responsible="供电所 95598"
    )
    page = words(stairs.follow())
    assert "这件事由供电所 95598负责" in page
    assert "电表以外归供电所" in page


def _grid(world: World, building: Spot) -> Spot:
    with world.reading() as connection:
        row = connection.execute(sa.select(Place.__table__).where(Place.id == building.row.grid_id)).one()
    return Spot(row.id, row.public_id, PlaceKind.GRID, row.name, row.code, row)


def test_the_problem_page_is_for_people(world: World) -> None:
    page = world.anyone().get("/nowhere")
    assert page.status_code == 404
    assert "没有找到" in words(page)
    assert page.headers["X-Request-Id"] in words(page)


# --- WeChat looks whether the domain is ours


def test_wechats_verification_file_is_answered_and_no_other(app: Flask, settings: Settings, world: World) -> None:
    told = {"Ab3_x-9.txt": "1f0c8e"}
    app.extensions["settings"] = replace(settings, wechat=replace(settings.wechat, verify_files=told))
    for path in ("/q/Ab3_x-9.txt", "/Ab3_x-9.txt"):
        answer = world.anyone().get(path)
        assert (answer.status_code, answer.text) == (200, "1f0c8e")
        assert answer.mimetype == "text/plain"
    for path in ("/q/ab3_x-9.txt", "/q/other.txt", "/robots.txt", "/q/Ab3_x-9.html", "/r/Ab3_x-9.txt", "/q/Ab3_x-9"):
        assert world.anyone().get(path).status_code == 404, path
