"""The SQL of a step (docs/decisions/021): load it by one statement, apply it by one call, hold it after a lost race.

`formloom.db.migrate` creates the functions; the statement that loads is prepared by each connection.
"""

from importlib.resources import files

FUNCTIONS: tuple[str, ...] = (
    "flow_hold_step.sql",
    "flow_apply_step.sql",
    "flow_more_because.sql",
    "flow_more_clocks.sql",
    "flow_more_turn.sql",
)


def statements() -> tuple[str, ...]:
    """The text of each function, ready to execute."""
    return tuple(_text(name) for name in FUNCTIONS)


def statement(name: str) -> bytes:
    """A statement with `$1`, as a connection prepares it."""
    return _text(name).encode()


def _text(name: str) -> str:
    return (files(__name__) / name).read_text(encoding="utf-8")
