"""The typed slots: how many indexed fields of each kind a form may have.

The number of database indexes stays fixed however many forms there are.
"""

SLOTS: dict[str, tuple[str, ...]] = {
    "text": tuple(f"text_{n}" for n in range(1, 13)),
    "decimal": tuple(f"decimal_{n}" for n in range(1, 11)),
    "date": tuple(f"date_{n}" for n in range(1, 7)),
    "timestamp": tuple(f"timestamp_{n}" for n in range(1, 5)),
}
