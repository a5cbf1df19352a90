"""The SQL functions list the slots by name; the list is the one of `form_engine.slots`."""

import re

from form_engine.records.sql import FUNCTIONS, statements
from form_engine.slots import SLOTS

SOURCES = dict(zip(FUNCTIONS, statements(), strict=True))


def test_every_slot_is_written_by_an_insert_and_by_an_update_of_all_or_of_it_alone() -> None:
    for slot in (slot for slots in SLOTS.values() for slot in slots):
        for name in ("insert_record_writes.sql", "apply_record_writes.sql"):
            assert len(re.findall(rf"\bs\.{slot}\b", SOURCES[name])) == 1, slot
        assert (
            len(re.findall(rf"WHEN '{slot}' THEN UPDATE record_index i SET {slot} = ", SOURCES["change_record.sql"]))
            == 1
        )


def test_every_slot_is_refreshed() -> None:
    """Compared, updated and inserted."""
    for slot in (slot for slots in SLOTS.values() for slot in slots):
        assert len(re.findall(rf"\bs\.{slot}\b", SOURCES["refresh_records.sql"])) == 3, slot
        assert len(re.findall(rf"\bi\.{slot}\b", SOURCES["refresh_records.sql"])) == 1, slot


def test_no_placeholder_is_left() -> None:
    assert not any("slots}" in source or "{one" in source for source in SOURCES.values())
