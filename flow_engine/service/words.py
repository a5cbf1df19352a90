"""The words of what flows send out of the house; msgids of the catalogue."""

from collections.abc import Callable, Mapping
from typing import Final

Translate = Callable[..., str]
"""`translate(msgid, locale, **params)`: gettext, handed in."""

LETTERS: Final[Mapping[str, tuple[str, str]]] = {
    "invite": (
        "Please confirm: %(title)s",
        "Hello %(name)s,\n\nplease look at %(title)s and confirm it here:\n{link}",
    ),
    "reminder": ("Reminder: %(title)s", "%(step)s is still waiting for you: %(title)s."),
    "escalation": ("Overdue: %(title)s", "%(step)s has not been decided in time: %(title)s."),
    "notice": ("%(title)s", "%(title)s"),
}
"""Subject and body of each kind."""
