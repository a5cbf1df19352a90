"""Workspaces, the accounts in them, and the tokens by which programs act as a person."""

from datetime import timedelta

import click

from web.commands import composed, working_in, workspace_option

ADMIN = "admin"
ADMIN_TITLE = {"zh-CN": "管理员", "en": "Administrator"}


@click.group()
def workspace() -> None:
    """Workspaces: firms that share a server and see nothing of each other."""


@workspace.command("create")
@click.argument("key")
@click.argument("name")
@click.option("--time-zone", default="Asia/Shanghai", show_default=True)
@click.option("--locale", default="zh-CN", show_default=True, type=click.Choice(["zh-CN", "en"]))
def workspace_create(key: str, name: str, time_zone: str, locale: str) -> None:
    """Create the workspace KEY; where it exists already, nothing changes."""
    from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

    from formloom.people import ensure_role
    from formloom.workspaces import create_workspace

    try:
        ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise click.BadParameter(f"there is no time zone “{time_zone}”", param_hint="--time-zone") from error
    with composed() as services:
        create_workspace(services.databases, key, name, time_zone=time_zone, locale=locale)
        with working_in(services, key) as session:
            ensure_role(session, ADMIN, ADMIN_TITLE)
    click.echo(f"workspace {key} is there")


@click.group()
def user() -> None:
    """Accounts."""


@user.command("create")
@click.argument("login")
@click.argument("name")
@click.option("--role", "roles", multiple=True, help="A role's key; may be given several times.")
@click.password_option()
@workspace_option
def user_create(login: str, name: str, roles: tuple[str, ...], password: str, workspace: str) -> None:
    """Create an account."""
    from formloom.people import create_person

    with composed() as services, working_in(services, workspace) as session:
        person = create_person(session, login, name, roles=roles)
        services.access.set_password(session, person.id, password)
    click.echo(f"{login} may log in")


@user.command("password")
@click.argument("login")
@click.password_option()
@workspace_option
def user_password(login: str, password: str, workspace: str) -> None:
    """Set a new password and end all sessions of the account."""
    from formloom.people import find_person

    with composed() as services, working_in(services, workspace) as session:
        services.access.set_password(session, find_person(session, login).id, password)
    click.echo("done; all sessions of this account have ended")


@click.group()
def token() -> None:
    """API tokens: a program that acts as a person, within scopes."""


@token.command("create")
@click.argument("login")
@click.argument("name")
@click.option("--scope", "scopes", multiple=True, required=True, help="records:read, tasks:decide …")
@click.option("--days", default=90, show_default=True, type=click.IntRange(1, 3650), help="How long it is good for.")
@workspace_option
def token_create(login: str, name: str, scopes: tuple[str, ...], days: int, workspace: str) -> None:
    """Create a token called NAME that acts as LOGIN. It is printed once and kept nowhere."""
    from formloom.access import create_api_token
    from formloom.people import find_person

    from web.policies import SCOPES

    if unknown := sorted(set(scopes) - SCOPES):
        raise click.BadParameter(f"{', '.join(unknown)}; there are {', '.join(sorted(SCOPES))}", param_hint="--scope")
    with composed() as services, working_in(services, workspace) as session:
        person = find_person(session, login)
        made, text = create_api_token(session, person.id, name, scopes, timedelta(days=days))
        number = made.id
    click.echo(f"token {number}, good for {days} days:", err=True)
    click.echo(text)


@token.command("revoke")
@click.argument("number", type=int)
@workspace_option
def token_revoke(number: int, workspace: str) -> None:
    """End the token NUMBER at once."""
    from formloom.access import revoke_api_token

    with composed() as services, working_in(services, workspace) as session:
        ended = revoke_api_token(session, number)
    if not ended:
        raise click.ClickException(f"there is no token {number} to revoke")
    click.echo(f"token {number} is revoked")
