"""`flask places import`: a table of places, as an office has it."""

from pathlib import Path

import click
from flask.cli import AppGroup

from models.enums import PlaceKind
from server.commands import says_one_line
from server.core import clock, database
from server.places import service
from server.places.service import Also, Field, ImportReport, Layout

group = AppGroup("places", help="Places (docs/importing-places.md).")
SHOWN = 50
KINDS = {kind.value: kind for kind in PlaceKind}


@group.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--column", "columns", multiple=True, metavar="FIELD=HEADING",
    help="Where the file keeps a field (code, name, kind, parent) when its heading is not ours. Repeatable.",
)  # fmt: skip
@click.option("--kind", type=click.Choice(list(KINDS)), help="What every row is, whatever the file says.")
@click.option(
    "--also", "others", multiple=True, metavar="KIND:CODE:NAME[:PARENT]",
    help="Places every row names on the way, by the headings of their code, name and parent's code. Repeatable.",
)  # fmt: skip
@click.option("--load", is_flag=True, help="Really load. Without it nothing is changed (dry run).")
@says_one_line
def import_places(file: Path, columns: tuple[str, ...], kind: str | None, others: tuple[str, ...], load: bool) -> None:
    """Read FILE (.csv, .xlsx, .xls), say what is wrong with it, and with --load import it: all rows or none.

    New codes make places, known codes may change their name.

    Without options the headings are 编码, 名称, 类别, 上级 (code, name, kind, the parent's code).
    """
    layout = Layout(_columns(columns), KINDS[kind] if kind else None, tuple(_also(text) for text in others))
    with file.open("rb") as stream, database.transaction(reads_only=not load):
        report = service.import_table(stream, file.name, clock.now(), actor=None, layout=layout, dry_run=not load)
    _tell(report)


def _tell(report: ImportReport) -> None:
    for error in report.errors[:SHOWN]:
        click.echo(f"第 {error.line} 行 · {error.column}：{error.reason}", err=True)
    if report.error_count > SHOWN:
        click.echo(f"……还有 {report.error_count - SHOWN} 处", err=True)
    if report.error_count:
        raise click.ClickException(f"有 {report.error_count} 处不能导入，一行也没有导入。")
    created = "、".join(f"{kind.zh} {count}" for kind, count in report.created.items()) or "0"
    click.echo(f"共 {report.rows} 行。新建：{created}；改名：{report.renamed}；不变：{report.unchanged}。")
    click.echo("这是试运行，什么都没有改。确认无误后加 --load 导入。" if report.dry_run else "已导入。")


def _columns(pairs: tuple[str, ...]) -> dict[Field, str]:
    found: dict[Field, str] = {}
    for pair in pairs:
        name, equals, heading = pair.partition("=")
        if not equals or not heading.strip() or name.strip() not in list(Field):
            raise click.BadParameter(f"write FIELD=HEADING with FIELD one of {', '.join(Field)}", param_hint="--column")
        found[Field(name.strip())] = heading.strip()
    return found


def _also(text: str) -> Also:
    kind, *headings = (part.strip() for part in text.split(":"))
    if kind not in KINDS or not 2 <= len(headings) <= 3 or not all(headings):
        raise click.BadParameter("write KIND:CODE:NAME or KIND:CODE:NAME:PARENT", param_hint="--also")
    return Also(KINDS[kind], *headings)
