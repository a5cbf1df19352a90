"""A script as `flow_apply_step` takes it: typed arguments, each as PostgreSQL's text, in the order of the function."""

from collections.abc import Iterable, Sequence
from typing import Any, Final

from orjson import dumps, loads

from flow_engine.machine import MACHINE_VERSION
from flow_engine.service.script import Json, Script

_IN_ORDER = (
    "bigint timestamptz text bigint bigint text text "  # workspace … form
    "bigint bigint text jsonb boolean jsonb "  # the run
    "jsonb bigint text text bigint text jsonb text jsonb text text bigint "  # the record
    "bigint bigint uuid text text text jsonb "  # whose task is finished
    "bigint[] text[] "  # what closes
    "bigint[] text[] text[] bigint[] uuid[] timestamptz[] text[] jsonb text[] "  # what opens
    "text[] jsonb timestamptz[] "  # timers
    "jsonb jsonb jsonb jsonb jsonb jsonb "  # what is rare
    "jsonb text jsonb text bytea jsonb"  # journal, audit, answer
)
TYPES: Final = tuple(_IN_ORDER.split())

_NUMBERED, _NAMED = (
    ", ".join(form.format(n=n, kind=kind) for n, kind in enumerate(TYPES, 1))
    for form in ("${n}::{kind}", "CAST(:p{n} AS {kind})")
)
APPLY: Final = f"SELECT flow_apply_step({_NUMBERED})::text".encode()
"""For libpq."""

APPLY_NAMED: Final = f"SELECT flow_apply_step({_NAMED})::text"
"""For a session: `p1` and so on."""

_PLAIN: Final = frozenset(
    ("op", "form", "form_version", "action", "data", "title", "search", "draft", "deleted", "changes", "id", "expected")
)
_PLAIN_SLOT: Final = _PLAIN | {"slots", "slot"}
_NO_WRITE: Final = (None,) * 11
_NOTHING_FINISHED: Final = (None,) * 7
_NOTHING_OPENS: Final = (None,) * 9
_NO_TIMERS: Final = (None,) * 3
_NO_ANSWER: Final = (None,) * 3

Argument = bytes | None


def arguments(script: Script) -> list[Argument]:
    """What the script comes to, ready to be sent."""
    run, audit, answer = script.run, script.audit, script.answer
    known = run.get("id")
    seq = (run["expected"] if known is not None else 0) + 1
    detail = {**audit["detail"], "record": script.record, "flow": run["flow"], "seq": seq}
    return [
        b"%d" % script.workspace,
        script.at.isoformat().encode(),
        script.actor.encode(),
        b"%d" % MACHINE_VERSION,
        b"%d" % script.record,
        run["flow"].encode(),
        run["form"].encode(),
        *((None, None) if known is None else (b"%d" % known, b"%d" % run["expected"])),
        run["status"].encode(),
        dumps(run["state"]),
        b"t" if run["ended"] else b"f",
        dumps({**run, "state": None}) if known is None else None,
        *_written(script),
        *(_NOTHING_FINISHED if script.finish is None else _finished(script.finish)),
        *(_closed(script) if script.close else (None, None)),
        *(_opened(script.open) if script.open else _NOTHING_OPENS),
        *(_timers(script.timers) if script.timers else _NO_TIMERS),
        dumps(script.drop) if script.drop else None,
        dumps(script.passed) if script.passed else None,
        dumps(script.invite) if script.invite else None,
        dumps(script.notify) if script.notify else None,
        dumps(script.outbox) if script.outbox else None,
        dumps(script.more) if script.more else None,
        dumps({"told": script.journal}),
        audit["action"].encode(),
        dumps(detail),
        *(_NO_ANSWER if answer is None else _answered(answer)),
    ]


def as_named(told: Sequence[Argument]) -> dict[str, str | None]:
    """For a session."""
    return {f"p{n}": None if each is None else each.decode() for n, each in enumerate(told, 1)}


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
        b"%d" % one["expected"],
        batch["actor"].encode(),
        one["action"].encode(),
        b"%d" % one["form_version"],
        _text(one.get("title")),
        dumps(one["data"]),
        _text(one.get("search")),
        dumps(one["changes"]),
        _text(slot),
        None if value is None else str(value).encode(),
        b"%d" % batch["world"],
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
        b"%d" % told["visit"],
        None if person is None else b"%d" % person,
        _text(told["guest"]),
        told["decision"].encode(),
        _text(told["reason"]),
        _text(told["comment"]),
        dumps(told["fields"]),
    )


def _closed(script: Script) -> tuple[Argument, Argument]:
    """The visits, and the timers that the run has set for them."""
    run = script.run.get("id")
    timers = [f"run:{run}:{visit}:{at}" for visit, several in script.close.items() for at in range(several)]
    return _array(script.close), _array(timers) if timers and run is not None else None


def _opened(tasks: Sequence[Json]) -> tuple[Argument, ...]:
    return (
        _array([task["visit"] for task in tasks]),
        _array([task["step"] for task in tasks]),
        _array([task["kind"] for task in tasks]),
        _array([task.get("person") or "NULL" for task in tasks]),
        _array([task.get("guest") or "NULL" for task in tasks]),
        _array([task.get("due") or "NULL" for task in tasks]),
        _array([f'"{task["actions"]}"' if task.get("grant") else "NULL" for task in tasks]),
        dumps([task["fields"] for task in tasks]),
        _array([task.get("told") or "NULL" if task["kind"] == "cc" else "task_opened" for task in tasks]),
    )


def _timers(timers: Sequence[Json]) -> tuple[Argument, ...]:
    return (
        _array([f"{timer['visit']}:{timer['action']}" for timer in timers]),
        dumps([{name: told for name, told in timer.items() if name != "due"} for timer in timers]),
        _array([timer["due"] for timer in timers]),
    )


def _answered(answer: Json) -> tuple[Argument, ...]:
    return answer["key"].encode(), b"\\x" + answer["fingerprint"].encode(), dumps(answer["body"])


def _text(told: str | None) -> Argument:
    return None if told is None else told.encode()


def _array(elements: Iterable[object]) -> bytes:
    """An array as PostgreSQL reads it; of numbers, keys, moments and colons only."""
    return f"{{{','.join(map(str, elements))}}}".encode()
