"""What started a run."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Origin:
    """`by` is the trigger's name, or `flow:<run>` for a run that another one called.

    `depth`: how many automations called each other to get here. `parent_visit` of `parent_run` waits for the end,
    where somebody does. Without `may_hold` the run does not hold its record, whatever its flow says: another does.
    """

    by: str
    depth: int = 0
    parent_run: int | None = None
    parent_visit: int | None = None
    may_hold: bool = True


SUBMIT = Origin("submit")
BUTTON = Origin("button")
