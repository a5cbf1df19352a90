"""The SQL functions of records, in the order in which they are created (again and again: `CREATE OR REPLACE`)."""

from importlib.resources import files

FUNCTIONS: tuple[str, ...] = (
    "record_facts.sql",
    "record_neighbourhood.sql",
    "put_record_spans.sql",
    "stir_records.sql",
    "apply_record_writes.sql",
)


def statements() -> tuple[str, ...]:
    """The text of each function, ready to execute."""
    return tuple((files(__name__) / name).read_text(encoding="utf-8") for name in FUNCTIONS)


__all__ = ["FUNCTIONS", "statements"]
