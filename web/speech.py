"""gettext for this package, typed: messages are English in the source and read in the reader's language."""

import flask_babel  # type: ignore[import-untyped]


def gettext(message: str, **params: object) -> str:
    """The message in the reader's language, with ``%(name)s`` filled in."""
    return str(flask_babel.gettext(message, **params))


def ngettext(one: str, many: str, num: int, **params: object) -> str:
    """The message in the number that ``num`` asks for; ``%(num)s`` is the number."""
    return str(flask_babel.ngettext(one, many, num, **params))
