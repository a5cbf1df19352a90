"""Sheets from a shell: import one, export a list, draft a form from one. What they do, the system does itself."""

import sys
from pathlib import Path

import click

from web.commands import composed, working_in, workspace_option


@click.command("import")
@click.argument("form")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--profile", help="The key of an import profile; without one columns are mapped by their names.")
@click.option("--valid-only", is_flag=True, help="Import what is good enough, whatever else is in the file.")
@click.option("--dry-run", is_flag=True, help="Only tell what would happen.")
@click.option("--errors", type=click.Path(dir_okay=False, path_type=Path), help="Write the rows with errors here.")
@workspace_option
def import_(
    form: str,
    file: Path,
    profile: str | None,
    valid_only: bool,
    dry_run: bool,
    errors: Path | None,
    workspace: str,
) -> None:
    """Import the sheet FILE into FORM (xlsx, xls or csv)."""
    from form_engine.imports.here import run_here
    from form_engine.imports.profile import parse_profile
    from form_engine.imports.report import write_errors
    from form_engine.records.actor import SYSTEM

    with composed() as services:
        with working_in(services, workspace) as session, file.open("rb") as stream:
            batch = services.imports.upload(session, form, stream, file.name, SYSTEM, profile=profile, wait=True)
            batch_id, counts = batch.id, batch.counts
        click.echo(", ".join(f"{state}: {count}" for state, count in counts.items()))
        with working_in(services, workspace) as session:
            for row in services.imports.rows(session, batch_id, SYSTEM, states=("error",), limit=20):
                codes = ", ".join(issue["code"] for issue in row.issues if issue["level"] == "error")
                click.echo(f"  row {row.line}: {codes}", err=True)
            if errors is not None:
                batch = services.imports.find(session, batch_id, SYSTEM)
                with errors.open("wb") as target:
                    write_errors(session, batch, parse_profile(batch.profile), target, "en", lambda code, _: code)
        if dry_run:
            with working_in(services, workspace) as session:
                services.imports.discard(session, batch_id, SYSTEM)
            return
        if counts["error"] and not valid_only:
            raise click.ClickException(f"{counts['error']} rows have errors; nothing was imported (--valid-only)")
        written = run_here(
            services.imports,
            services.runner,
            lambda: working_in(services, workspace),
            batch_id,
            valid_only=valid_only,
            tell=lambda done: click.echo(f"\r{done}", nl=False, err=True) if sys.stderr.isatty() else None,
        )
    click.echo(f"{written} records written by import {batch_id}")


@click.command("export")
@click.argument("form")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--filter", "filter_", help="A filter as the API takes it, in JSON.")
@click.option("--encoding", default="utf-8-bom", show_default=True, help="For csv: utf-8, utf-8-bom or gb18030.")
@click.option("--locale", default="zh-CN", show_default=True, type=click.Choice(["zh-CN", "en"]))
@workspace_option
def export(form: str, file: Path, filter_: str | None, encoding: str, locale: str, workspace: str) -> None:
    """Write the records of FORM to FILE (.xlsx or .csv)."""
    import json

    from form_engine.exports import Export
    from form_engine.records.actor import SYSTEM

    asked = Export(
        form=form,
        format=file.suffix.removeprefix(".").lower(),  # type: ignore[arg-type]
        filter=json.loads(filter_) if filter_ else None,
        encoding=encoding,  # type: ignore[arg-type]
        locale=locale,
    )
    with composed() as services, working_in(services, workspace) as session:
        count = services.exports.count(session, asked, SYSTEM)
        with file.open("wb") as target:
            for _ in services.exports.write(session, asked, SYSTEM, target):
                pass
    click.echo(f"{count} records in {file}")


@click.command("infer")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@workspace_option
def infer(file: Path, workspace: str) -> None:
    """Print the draft of a form whose records could be the rows of FILE."""
    import json

    from form_engine.imports.infer import infer_form
    from form_engine.records.actor import SYSTEM

    with composed() as services, working_in(services, workspace) as session, file.open("rb") as stream:
        draft = infer_form(session, services.forms.forms(session), stream, file.name, SYSTEM)
    click.echo(json.dumps(draft.definition, ensure_ascii=False, indent=2))
    for field in draft.fields:
        click.echo(f"{field.header}: {field.type} ({field.confidence:.0%}, {', '.join(field.reasons)})", err=True)


COMMANDS = (import_, export, infer)
