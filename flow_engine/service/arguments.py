"""A script as `flow_apply_step` takes it: typed arguments, each as PostgreSQL's text, in the order of the function."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from orjson import dumps, loads

from flow_engine.machine import MACHINE_VERSION
from flow_engine.service.script import Json, Script

TYPES: Final = (
    "bigint timestamptz text bigint bigint text text "  # workspace … form
    "bigint bigint text jsonb boolean jsonb "  # the run
    "jsonb bigint text text bigint text jsonb text jsonb text text bigint "  # the record
    "bigint bigint uuid text text text jsonb "  # whose task is finished
    "bigint[] text[] "  # what closes
    "bigint[] text[] text[] bigint[] uuid[] timestamptz[] text[] jsonb text[] "  # what opens
    "text[] jsonb timestamptz[] "  # timers
    "jsonb jsonb jsonb jsonb jsonb jsonb "  # what is rare
    "jsonb text jsonb text bytea jsonb"  # journal, audit, answer
).split()

APPLY: Final = f"SELECT flow_apply_step({', '.join(f'${n}::{kind}' for n, kind in enumerate(TYPES, 1))})::text".encode()
"""For libpq."""

APPLY_NAMED: Final = f"SELECT flow_apply_step({', '.join(f'CAST(:p{n} AS {kind})' for n, kind in enumerate(TYPES, 1))})::text"
"""For a session: `p1` and so on."""

_PLAIN: Final = frozenset(
    ("op", "form", "form_version", "action", "data", "title", "search", "draft", "deleted", "changes", "id", "expected")
)
_PLAIN_SLOT: Final = _PLAIN | {"slots", "slot"}
_NO_WRITE: Final = (None,) * 11
_NOTHING_FINISHED: Final = (None,) * 7
_NOTHING_OPENS: Final = (None,) * 9
_NO_TIMERS: Final = (None,) * 3

Argument = bytes | str | None


def arguments(script: Script) -> list[Argument]:
    """What the script comes to. Text is ready to be sent; JSON is bytes."""
    run, audit = script.run, script.audit
    known = run.get("id")
    seq = (run["expected"] if known is not None else 0) + 1
    detail = {**audit["detail"], "record": script.record, "flow": run["flow"], "seq": seq}
    answer = script.answer
    return [
        str(script.workspace),
        script.at.isoformat(),
        script.actor,
        str(MACHINE_VERSION),
        str(script.record),
        run["flow"],
        run["form"],
        None if known is None else str(known),
        None if known is None else str(run["expected"]),
        run["status"],
        dumps(run["state"]),
        "t" if run["ended"] else "f",
        dumps({**run, "state": None}) if known is None else None,
        *_written(script),
        *(_NOTHING_FINISHED if script.finish is None else _finished(script.finish)),
        _array(script.close) if script.close else None,
        _stopping(script) if known is not None else None,
        *(_opened(script.open) if script.open else _NOTHING_OPENS),
        *(_timers(script.timers) if script.timers else _NO_TIMERS),
        *(
            dumps(told) if told else None
            for told in (script.drop, script.passed, script.invite, script.notify, script.outbox, script.more)
        ),
        dumps({"told": script.journal}),
        audit["action"],
        dumps(detail),
        *((None, None, None) if answer is None else (answer["key"], "\\x" + answer["fingerprint"], dumps(answer["body"]))),
    ]


def as_bytes(told: Sequence[Argument]) -> list[bytes | None]:
    """For libpq."""
    return [each.encode() if isinstance(each, str) else each for each in told]


def as_named(told: Sequence[Argument]) -> dict[str, str | None]:
    """For a session."""
    return {f"p{n}": each.decode() if isinstance(each, bytes) else each for n, each in enumerate(told, 1)}


def applied(told: str | bytes | None) -> dict[str, Any]:
    """What `flow_apply_step` says: the run, whether others listen, whose tasks closed without them."""
    run, heard, *closed = loads(b"[%b]" % (told.encode() if isinstance(told, str) else told or b"")[1:-1])
    return {"run": run, "heard": heard == 1, "closed": closed}


def _written(script: Script) -> tuple[Argument, ...]:
    """The writes of the record: one that is no more than a change of its document goes without JSON around it."""
    if not script.writes:
        return (None, *_NO_WRITE)
    batch = script.writes[0]
    one = batch["writes"][0]
    if len(script.writes) > 1 or len(batch["writes"]) > 1 or not _is_plain(batch, one, script.record):
        return (dumps(script.writes), *_NO_WRITE)
    slot = one.get("slot")
    value = one["slots"].get(slot) if slot is not None else None
    return (
        None,
        str(one["expected"]),
        batch["actor"],
        one["action"],
        str(one["form_version"]),
        one.get("title"),
        dumps(one["data"]),
        one.get("search"),
        dumps(one["changes"]),
        slot,
        None if value is None else str(value),
        str(batch["world"]),
    )


def _is_plain(batch: Json, one: Json, record: int) -> bool:
    allowed = _PLAIN_SLOT if "slot" in one else _PLAIN
    return (
        one["op"] == "update"
        and one["id"] == record
        and one.keys() <= allowed
        and not (one["draft"] or one["deleted"] or batch["seen"] or "stirs" in batch)
        and batch["world"] is not None
    )


def _finished(told: Json) -> tuple[Argument, ...]:
    person = told["person"]
    return (
        str(told["visit"]),
        None if person is None else str(person),
        told["guest"],
        told["decision"],
        told["reason"],
        told["comment"],
        dumps(told["fields"]),
    )


def _stopping(script: Script) -> str | None:
    prefix = f"run:{script.run['id']}:"
    keys = [f"{prefix}{visit}:{action}" for visit, timers in script.close.items() for action in range(timers)]
    return _array(keys) if keys else None


def _opened(tasks: Sequence[Json]) -> tuple[Argument, ...]:
    return (
        _array(task["visit"] for task in tasks),
        _array(task["step"] for task in tasks),
        _array(task["kind"] for task in tasks),
        _array(task.get("person") for task in tasks),
        _array(task.get("guest") for task in tasks),
        _array(task.get("due") for task in tasks),
        _array(f'"{task["actions"]}"' if task.get("grant") else None for task in tasks),
        dumps([task["fields"] for task in tasks]),
        _array(task.get("told") if task["kind"] == "cc" else "task_opened" for task in tasks),
    )


def _timers(timers: Sequence[Json]) -> tuple[Argument, ...]:
    return (
        _array(f"{timer['visit']}:{timer['action']}" for timer in timers),
        dumps([{name: told for name, told in timer.items() if name != "due"} for timer in timers]),
        _array(timer["due"] for timer in timers),
    )


def _array(elements: Iterable[object]) -> str:
    """An array as PostgreSQL reads it; of numbers, keys, moments and colons only."""
    return f"{{{','.join(['NULL' if each is None else str(each) for each in elements])}}}"
