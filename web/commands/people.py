"""People who leave, and come back."""

import click

from web.commands import composed, working_in, workspace_option


@click.group()
def people() -> None:
    """Who may log in, and what waits for them."""


@people.command("disable")
@click.argument("login")
@click.option("--successor", help="The log-in of whoever takes over; without, the person's manager does.")
@click.option("--look", is_flag=True, help="Only say what would be handed over.")
@workspace_option
def disable(login: str, successor: str | None, look: bool, workspace: str) -> None:
    """Shut the account LOGIN and hand over its open tasks."""
    from formloom.people import find_person, names

    from form_engine.records.actor import SYSTEM

    with composed() as services, working_in(services, workspace) as session:
        person = find_person(session, login)
        held = services.flows.seating.holding(session, person.id)
        manager = f"; the manager is {held.manager.name}" if held.manager is not None else "; there is no manager"
        click.echo(f"{held.tasks} open tasks{manager}")
        if look:
            return
        to = find_person(session, successor).id if successor else None
        handed = services.flows.seating.leave(session, person.id, SYSTEM, to)
        known = names(session, handed.moved)
    for who, count in handed.moved.items():
        click.echo(f"{count} to {known[who]}")
    if handed.stuck:
        click.echo(f"{handed.stuck} steps are stuck and wait for an administrator")
    click.echo(f"{login} may not log in any more")


@people.command("enable")
@click.argument("login")
@workspace_option
def enable(login: str, workspace: str) -> None:
    """Open the account LOGIN again; what was handed over stays where it is."""
    from formloom.people import find_person

    from form_engine.records.actor import SYSTEM

    with composed() as services, working_in(services, workspace) as session:
        services.flows.seating.come_back(session, find_person(session, login).id, SYSTEM)
    click.echo(f"{login} may log in again")
