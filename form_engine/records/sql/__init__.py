"""The SQL functions of records, in the order in which they are created (again and again: `CREATE OR REPLACE`)."""

from importlib.resources import files

from form_engine.slots import SLOTS

FUNCTIONS: tuple[str, ...] = (
    "record_facts.sql",
    "record_neighbourhood.sql",
    "put_record_spans.sql",
    "stir_records.sql",
    "take_marks.sql",
    "hold_records.sql",
    "refresh_records.sql",
    "number_text.sql",
    "put_number.sql",
    "gone_target.sql",
    "insert_record_writes.sql",
    "tell_changes.sql",
    "change_record.sql",
    "apply_record_writes.sql",
    "try_record_writes.sql",
)


_TYPES = {"text": "text", "decimal": "bigint", "date": "date", "timestamp": "timestamptz"}


def statements() -> tuple[str, ...]:
    """The text of each function, ready to execute: where it says `{slots}`, with the names of all slots."""
    return tuple(_with_slots((files(__name__) / name).read_text(encoding="utf-8")) for name in FUNCTIONS)


def _with_slots(source: str) -> str:
    names = [slot for slots in SLOTS.values() for slot in slots]
    for prefix in ("", "s.", "excluded."):
        source = source.replace(f"{{{prefix}slots}}", ", ".join(prefix + name for name in names))
    return source.replace(
        "{one slot}", "\n        ".join(_one_slot(kind, s) for kind, slots in SLOTS.items() for s in slots)
    )


def _one_slot(kind: str, slot: str) -> str:
    """The branch of a CASE that writes this slot alone."""
    where = "i.workspace_id = ws AND i.record_id = target"
    return f"WHEN '{slot}' THEN UPDATE record_index i SET {slot} = value::{_TYPES[kind]} WHERE {where};"  # noqa: S608 - names of ours


__all__ = ["FUNCTIONS", "statements"]
