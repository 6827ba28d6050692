"""`flask month …`: closing and correcting months, and whether sealed ones are what was sealed."""

import click
from flask.cli import AppGroup

from server.commands import says_one_line
from server.core import clock, database
from server.rules.calendar import Month, parse_month, show_month
from server.scores import queries, service

MOST_REASON = 200  # as over HTTP

group = AppGroup("month", help="Months: close, correct, status, ranking, manifest, verify.")


def _month(_context: click.Context, _parameter: click.Parameter, text: str | None) -> Month | None:
    try:
        return None if text is None else parse_month(text)
    except ValueError as error:
        raise click.BadParameter(str(error)) from None


_VERSION = click.option("--version", type=click.IntRange(1), help="Which version; default: the one in force.")


def _said(version: int | None, first: int = 1) -> str:
    return f"第 {version} 版" if version is not None and version >= first else ""


@group.command("close")
@click.argument("month", callback=_month)
@says_one_line
def close(month: Month) -> None:
    """Draft a month ("2026-10") for every community that has no draft yet."""
    closed = service.close_month_everywhere(month, clock.now())
    if not closed.communities:
        why = f"{closed.skipped} 个社区早已生成" if closed.skipped else "没有登记楼栋的社区"
        raise click.ClickException(f"{show_month(month)}：没有要生成的草稿（{why}）。")
    click.echo(
        f"{show_month(month)}：{closed.communities} 个社区、{closed.buildings} 栋楼已生成草稿，"
        f"{closed.skipped} 个社区早已生成。"
    )


@group.command("correct")
@click.argument("month", callback=_month)
@click.option("--community", "code", required=True, help="Code of the community.")
@click.option("--reason", required=True, help="What was wrong, and how it was found; heads are told. No names.")
@says_one_line
def correct(month: Month, code: str, reason: str) -> None:
    """Begin the correction of a sealed month: its next version as a draft, in nobody's name.

    The office then goes on from it at the console: notice, seal by a second person, publication.
    """
    said = " ".join(reason.split())
    if len(said) > MOST_REASON:
        raise click.BadParameter(f"at most {MOST_REASON} characters", param_hint="--reason")
    with database.transaction():
        click.echo(service.correct_at_terminal(month, code, said, clock.now()))


@group.command("status")
@click.argument("month", callback=_month, required=False)
@says_one_line
def status(month: Month | None) -> None:
    """How many communities' months stand where; of one month, also how many have nothing yet."""
    with database.transaction(reads_only=True):
        counts = queries.state_counts(month)
        left = queries.not_closed(month) if month is not None else 0
    for count in counts:
        correcting = f"，其中 {count.corrections} 个正在更正" if count.corrections else ""
        click.echo(f"{show_month(count.month)}  {count.state.zh}  {count.communities} 个社区{correcting}")
    if month is not None and left:
        click.echo(f"{show_month(month)}  还没有草稿  {left} 个社区")
    if not counts and not left:
        click.echo("还没有考核月。")


@group.command("ranking")
@click.argument("month", callback=_month)
@click.option("--community", "code", required=True, help="Code of the community.")
@_VERSION
@says_one_line
def ranking(month: Month, code: str, version: int | None) -> None:
    """A community's standings, best first, as the console shows them."""
    with database.transaction(reads_only=True):
        found = queries.ranking_at_terminal(month, code, version)
    if found is None:
        raise click.ClickException(f"{show_month(month)}：编码为 {code} 的社区还没有{_said(version) or '草稿'}。")
    view = found.month
    click.echo(f"{view.community_name} {show_month(month)} {view.state_name} {_said(view.version, first=2)}".rstrip())
    for row in found.standings:
        if row.rank is None:
            click.echo(f"不参与排名  {row.building_name}  数据不足")
            continue
        tied, flag = "（并列）" if row.tied else "", "  流动红旗" if row.red_flag else ""
        click.echo(f"第 {row.rank} 名{tied}  {row.building_name}  {row.total_shown} 分{flag}")


@group.command("manifest")
@click.argument("month", callback=_month)
@click.option("--community", "code", required=True, help="Code of the community.")
@_VERSION
@says_one_line
def manifest(month: Month, code: str, version: int | None) -> None:
    """What was sealed, as one line of JSON: the month's public hash is the SHA-256 of exactly this text."""
    with database.transaction(reads_only=True):
        text = queries.manifest_at_terminal(month, code, version)
    if text is None:
        raise click.ClickException(f"{show_month(month)}：编码为 {code} 的社区还没有封存{_said(version)}。")
    click.echo(text.encode(), nl=False)  # bytes, and no line end: nothing may be added to what is hashed


@group.command("verify")
@says_one_line
def verify() -> None:
    """Reckon the hash of every sealed month again; name the first that does not match and exit with 1."""
    with database.transaction(reads_only=True):
        verified = service.verify()
    if verified.first_broken:
        raise click.ClickException(f"{verified.first_broken}：内容与封存时的校验码不一致。")
    click.echo(f"{verified.months} 个已封存的月份，校验码全部一致。")
