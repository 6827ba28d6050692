"""The review queue as the office works it: counts, verdicts, reasons, and the marks on an issue's page."""

from models.enums import Role
from tests.queries import count_queries
from tests.server.web.desk import Desk
from tests.server.web.stairwell import Stairwell, picture
from tests.world import Spot, World


class Street:
    """A building, its clerk at the console, and somebody in the stairwell."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.community = world.community()
        self.building: Spot = world.building(world.grid(self.community))
        self.clerk = Desk(world.staff(Role.COMMUNITY, self.community))
        self.stairs = Stairwell(world, self.building)

    def report(self, text: str = "三楼的灯坏了", **fields: object) -> None:
        """Report, and let the relay have it checked."""
        from server.jobs import relay

        self.stairs.send(category="lighting", text=text, **fields)
        relay.run(self.world.app)


def test_a_text_is_shown_with_one_tap(world: World) -> None:
    street = Street(world)
    street.report("三楼的灯坏了", spot="2单元3楼")
    assert "三楼的灯坏了" not in street.stairs.scan().text
    assert "有 1 条居民写的话和照片等人审核" in street.clerk.open("/console").text
    page = street.clerk.open("/console/moderation")
    assert "待人工审核（1）" in page.text
    assert "三楼的灯坏了" in page.text
    done = page.submit("/decide", **{"pass": "true"})
    assert "已经可以公开" in done.text
    assert "没有等人审核的内容" in done.text
    assert "三楼的灯坏了" in street.stairs.scan().text
    assert "等人审核" not in street.clerk.open("/console").text


def test_withholding_asks_for_a_reason_and_keeps_the_tab(world: World) -> None:
    street = Street(world)
    street.report()
    page = street.clerk.open("/console/moderation")
    decide = [form for form in page.forms if form.action.partition("?")[0].endswith("/decide")][1]
    data = dict(decide.fields)
    refused = street.clerk.send(decide.action, {**data, "reason": ""})
    assert (refused.status, "请写明理由" in refused.text) == (422, True)
    data["once"] = "another-showing-of-the-form"
    done = street.clerk.send(decide.action, {**data, "reason": "写了住户的名字"})
    assert "已经不公开" in done.text
    held = street.clerk.open("/console/moderation?state=withheld")
    assert "写了住户的名字" in held.text
    again = held.submit("/decide", reason="看错了", **{"pass": "true"})
    assert "已经可以公开" in again.text
    assert "这里没有内容" in again.text


def test_a_stale_page_decides_nothing(world: World) -> None:
    street = Street(world)
    street.report()
    page = street.clerk.open("/console/moderation")
    assert page.submit("/decide", **{"pass": "true"}).status == 200
    other = Desk(world.staff(Role.COMMUNITY, street.community))
    form = page.form("/decide")
    token = other.open("/console").value("/sign-out", "form_token")
    late = other.send(form.action, {"form_token": token, "version": "1", "pass": "false", "reason": "晚了"})
    assert late.status == 412
    assert "三楼的灯坏了" in street.stairs.scan().text


def test_the_page_of_an_issue_says_what_neighbours_do_not_see(world: World) -> None:
    street = Street(world)
    street.report(photos=[picture()])
    issues = street.clerk.open("/console/issues")
    address = next(link for link in issues.links if link.startswith("/console/issues/") and len(link) == 32)
    assert street.clerk.open(address).text.count("邻居看不到：待人工审核") == 2
    street.clerk.open("/console/moderation").submit("/decide", **{"pass": "true"})
    assert street.clerk.open(address).text.count("邻居看不到：待人工审核") == 1
    photo = street.clerk.open("/console/moderation")
    assert 'alt="居民的照片"' in photo.html


def test_the_queue_costs_the_same_few_queries_however_long(world: World) -> None:
    street = Street(world)
    street.report()
    with count_queries(world.app) as one:
        street.clerk.open("/console/moderation")
    for n in range(5):
        street.report(f"第{n}盏灯坏了")
    with count_queries(world.app) as six:
        street.clerk.open("/console/moderation")
    assert len(one) == len(six) <= 4, six
