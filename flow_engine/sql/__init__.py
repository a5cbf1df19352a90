"""The SQL functions of a step (docs/decisions/021): load it in one call, apply it in one, hold it after a lost race.

`formloom.db.migrate` creates them.
"""

from importlib.resources import files

FUNCTIONS: tuple[str, ...] = ("flow_load_step.sql", "flow_hold_step.sql", "flow_apply_step.sql")


def statements() -> tuple[str, ...]:
    """The text of each function, ready to execute."""
    return tuple((files(__name__) / name).read_text(encoding="utf-8") for name in FUNCTIONS)
