"""`flask issues import`: an existing ledger (台账), dry run first."""

import json
from pathlib import Path

import click
from flask.cli import AppGroup

from server.commands import says_one_line
from server.core import clock, database, sheets
from server.issues import service
from server.places import queries as places
from server.rules.ledger_mapping import LedgerMapping, MappingError

group = AppGroup("issues", help="Issues.")
SHOWN = 50


@group.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--community", "code", required=True, help="Code of the community the ledger belongs to.")
@click.option("--source", help="Name of the ledger; rows are known by it and their number. Default: the file's name.")
@click.option(
    "--mapping",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="JSON: columns and words. See docs/ledger-import.md.",
)
@click.option("--create-buildings", is_flag=True, help="Make buildings the community does not have yet.")
@click.option("--skip-bad-rows", is_flag=True, help="Load the good rows although others are bad.")
@click.option("--load", is_flag=True, help="Really load. Without it nothing is changed (dry run).")
@says_one_line
def import_ledger(
    file: Path,
    code: str,
    source: str | None,
    mapping: Path | None,
    *,
    create_buildings: bool,
    skip_bad_rows: bool,
    load: bool,
) -> None:
    """Read FILE (CSV or Excel), say what is wrong with it, and with --load take it over: all of it or nothing."""
    words = _mapping(mapping)
    try:
        with file.open("rb") as stream:
            rows = [(row.line, row.cells) for row in sheets.read(stream, file.name)]
    except sheets.SheetError as error:
        raise click.ClickException(str(error)) from None
    source = source or file.stem[:40]
    now = clock.now()
    with database.transaction(reads_only=not load):
        community = places.community_by_code(code)
        if community is None:
            raise click.ClickException(f"没有编码为 {code} 的社区，请先导入地点。")
        plan = service.plan_ledger(community, rows, words, source, now, create_buildings=create_buildings)
        for wrong in plan.errors[:SHOWN]:
            click.echo(f"第 {wrong.line} 行 {wrong.column}：{wrong.reason}", err=True)
        if len(plan.errors) > SHOWN:
            click.echo(f"……还有 {len(plan.errors) - SHOWN} 处", err=True)
        bad = len({wrong.line for wrong in plan.errors})
        click.echo(
            f"共 {plan.rows} 行：可导入 {len(plan.fresh)}，已经在册 {plan.known}，有错 {bad}，新建楼栋 {len(plan.new_buildings)}"
        )
        if not load:
            click.echo("这是试运行，什么都没有改。确认无误后加 --load 导入。")
        elif plan.errors and not skip_bad_rows:
            raise click.ClickException(
                "有错的行没有改好，一行也没有导入。改好后重来，或加 --skip-bad-rows 只导入好的行。"
            )
        else:
            loaded = service.load_ledger(community, plan, source, now)
            click.echo(f"已导入 {loaded} 行。")


def _mapping(path: Path | None) -> LedgerMapping:
    if path is None:
        return LedgerMapping()
    try:
        return LedgerMapping.from_dict(json.loads(path.read_text(encoding="utf-8")))
    except MappingError as error:
        raise click.ClickException(f"对照表不能用：{'；'.join(error.problems)}") from None
    except (ValueError, UnicodeDecodeError):
        raise click.ClickException("对照表不是 JSON。") from None


@group.command("index")
@click.option("--anew", is_flag=True, help="Empty the search index first: what texts no longer say goes from it too.")
@says_one_line
def index(*, anew: bool) -> None:
    """Put into the search index what is missing from it, a few thousand issues a transaction. Safe to run at any time."""
    if anew:
        with database.transaction():
            service.forget_index()
    last, count = 0, 0
    while True:
        with database.transaction(reads_only=True):
            missing = service.missing_from_index(last)
        if not missing:
            break
        with database.transaction():
            service.index_issues(missing)
        last, count = missing[-1], count + len(missing)
    click.echo(f"新编入检索 {count} 件。")
