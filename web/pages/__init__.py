"""The pages: thin views that load, authorise, call one service, and render."""

from flask import Flask

from web import events
from web.pages import (
    access,
    admin,
    badges,
    calendars,
    channels,
    connections,
    guest,
    health,
    home,
    hooks,
    inbox,
    jobs,
    keeping,
    lists,
    login,
    messages,
    organisation,
    outbox,
    preferences,
    public_links,
    receipt,
    record,
    report,
    runs,
    seating,
)

BLUEPRINTS = (
    health.pages,
    login.pages,
    home.pages,
    lists.pages,
    record.pages,
    inbox.pages,
    guest.pages,
    report.pages,
    receipt.pages,
    public_links.pages,
    admin.pages,
    outbox.pages,
    preferences.pages,
    organisation.pages,
    access.pages,
    calendars.pages,
    keeping.pages,
    seating.pages,
    badges.pages,
    jobs.pages,
    hooks.pages,
    channels.pages,
    connections.pages,
    messages.pages,
    runs.pages,
)


def register_pages(app: Flask) -> None:
    """Register every page and the event stream; Flask's own static files are public."""
    for pages in BLUEPRINTS:
        app.register_blueprint(pages)
    app.add_url_rule("/events", view_func=events.stream, endpoint="events")
    health.open_static(app)
