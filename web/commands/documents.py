"""Documents of records, as an operator makes them."""

from pathlib import Path

import click

from web.commands import composed, working_in, workspace_option


@click.group()
def document() -> None:
    """Documents: receipts, letters, lists about a record."""


@document.command("render")
@click.argument("key")
@click.argument("record", type=click.IntRange(1, 2**63 - 1))
@click.option("--format", "kind", type=click.Choice(["html", "pdf", "docx"]), help="What the document is made as.")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="The file; its own name unless told.")
@click.option("--locale", default="zh-CN", show_default=True, type=click.Choice(["zh-CN", "en"]))
@click.option("--as", "login", help="As this person may see the record; with all fields unless told.")
@workspace_option
def render(
    key: str, record: int, kind: str | None, out: Path | None, locale: str, login: str | None, workspace: str
) -> None:
    """Make the document KEY of RECORD (its id) and write it to a file."""
    from formloom.people import find_person, roles_of

    from form_engine.documents.html import whole_page
    from form_engine.records.actor import SYSTEM, Actor

    with composed() as services:
        with working_in(services, workspace) as session:
            actor = SYSTEM
            if login is not None:
                person = find_person(session, login)
                actor = Actor.person(person.id, roles_of(session, person.id), person.name)
            prepared = services.documents.prepare(session, record, key, actor, locale)
        kind = kind or prepared.formats[-1]
        prepared.must(kind)
        address = f"{services.settings.public_url}/files/"
        made = (
            whole_page(prepared.sheet, lambda file: address + file)[0].encode()
            if kind == "html"
            else prepared.made(kind)
        )
    target = out or Path(f"{prepared.name}.{kind}")
    target.write_bytes(made)
    click.echo(f"{target} ({len(made)} bytes)")
