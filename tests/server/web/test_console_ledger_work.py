"""The ledger at the desk: narrowing it, taking it away as a file, handing over many, templates, figures."""

from models.enums import Role
from server.jobs import relay
from tests.server.web.desk import Desk
from tests.server.web.test_console_issues import Street, street  # noqa: F401 -- a fixture
from tests.world import World


def test_the_ledger_is_narrowed_and_searched(street: Street, world: World) -> None:  # noqa: F811
    street.report(text="三楼水管漏水")
    street.report(text="电梯停了")
    relay.run(world.app)
    page = street.clerk.open("/console/issues?q=漏水")
    assert "三楼水管漏水" in page.text
    assert "电梯停了" not in page.text
    refused = street.clerk.open("/console/issues?q=漏", 422)
    assert "两个连着的字" in refused.text
    narrowed = street.clerk.open("/console/issues?overdue=true&since=2026-10-01&until=2026-10-31&triage=small")
    assert "没有符合条件的诉求" in narrowed.text
    street.clerk.open("/console/issues?since=nonsense", 422)


def test_chosen_issues_go_to_one_level(street: Street, world: World) -> None:  # noqa: F811
    issues = [street.report(), street.report()]
    page = street.clerk.open("/console/issues")
    data = {"form_token": page.value("/assign-many", "form_token"), "issues": issues}
    assert street.clerk.send("/console/issues/assign-many", data).status == 422  # to whom?
    told = street.clerk.send("/console/issues/assign-many", {**data, "to": "level:grid", "text": "请看"})
    assert told.status == 200
    assert "2 件没有交办" in told.text  # they are with the head, lower down already: each is told so
    assert "只能往下交办" in told.text
    for issue in issues:
        answer = street.worker.open(f"/console/issues/{issue}").submit("/pass_up", text="要社区协调")
        assert answer.status == 200
    told = street.clerk.send("/console/issues/assign-many", {**data, "to": "level:head"})
    assert "交办了 2 件" in told.text
    colleague = world.person((Role.COMMUNITY, street.community), name="李同事")
    options = street.clerk.open("/console/issues").form("/assign-many").options["to"]
    assert f"person:{colleague.public_id}" in options


def test_the_export_page_says_what_is_in_it(street: Street, world: World) -> None:  # noqa: F811
    street.report(text="三楼水管漏水")
    page = street.clerk.open("/console/issues/export?category=leak")
    assert "没有居民写的话" in page.text
    file = street.clerk.client.get("/console/issues/export.xlsx?category=leak")
    assert file.status_code == 200
    assert file.data[:2] == b"PK"
    street.clerk.open("/console/issues/export-with-text.xlsx?category=leak", 422)
    assert street.clerk.client.get("/console/issues/export-with-text.xlsx?reason=汇报").data[:2] == b"PK"


def test_a_template_is_chosen_filled_in_and_sent(street: Street, world: World) -> None:  # noqa: F811
    issue = street.report()
    page = street.clerk.open("/console/issues/templates")
    page = page.submit("/issues/templates", title="换灯", text="{谁}换了灯。")
    assert page.status == 200
    assert "换灯" in page.text
    assert (
        street.clerk.open("/console/issues/templates").submit("/issues/templates", title="x", text="好").status == 422
    )
    page = street.clerk.open(f"/console/issues/{issue}?template=repaired&for=resolve")
    assert "{谁}于{何时}到现场" in page.value("/resolve", "text")
    refused = page.submit("/resolve", done_by="物业")
    assert refused.status == 422
    assert "没填的空" in refused.text
    assert refused.submit("/resolve", done_by="物业", text="王师傅10月12日修好了").status == 200


def test_figures_stand_beside_what_they_say(street: Street, world: World) -> None:  # noqa: F811
    street.report()
    page = street.clerk.open("/console/issues/figures")
    for word in ("受理率", "满意率", "不算在内", "样本少", "上报 1 件"):
        assert word in page.text, word
    street.clerk.open("/console/issues/figures?month=2026-10&since=2026-10-01", 422)
    assert street.clerk.client.get("/console/issues/figures.xlsx?month=2026-10").data[:2] == b"PK"
    grid = Desk(world.staff(Role.GRID, world.place_of(street.building, "grid_id")))
    assert grid.open("/console/issues/figures").status == 200
    Desk(world.head(street.building)).open("/console/issues/figures", 403)
