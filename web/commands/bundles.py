"""Apps: bundles of definitions, installed into a workspace and written out again."""

from pathlib import Path

import click

from web.commands import composed, working_in, workspace_option


@click.group()
def app() -> None:
    """Apps: bundles of definitions."""


@app.command("install")
@click.argument("name")
@workspace_option
def app_install(name: str, workspace: str) -> None:
    """Install the app NAME (one that ships with Formloom, or a folder), or bring an installed one to that version."""
    from apps import bundle
    from apps.install import install
    from form_engine.records.actor import SYSTEM

    with composed() as services, working_in(services, workspace) as session:
        done = install(session, services.stores, bundle.read(bundle.find(name)), SYSTEM)
    click.echo(f"{done.app} {done.version}")
    for kind, folder in bundle.FOLDERS.items():
        click.echo(f"  {folder:<6} {len(done.published.get(kind, {})):>3} published")


@app.command("export")
@click.argument("key")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@workspace_option
def app_export(key: str, folder: Path, workspace: str) -> None:
    """Write the app KEY as it runs now to FOLDER; the same app gives the same bytes."""
    from apps import bundle
    from apps.export import export

    with composed() as services, working_in(services, workspace) as session:
        bundle.write(export(session, services.stores, key), folder)
    click.echo(f"{key} stands in {folder}")
