"""Rows of a batch in the database: put in by the hundred, looked at by page, counted, set right."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from formloom.db.uow import workspace_of
from sqlalchemy import delete, func, select, text, update
from sqlalchemy.orm import Session

from form_engine.imports.duplicates import find_doubles
from form_engine.imports.judge import JudgedRow, key_columns, state_of
from form_engine.imports.models import ImportBatch, ImportRow
from form_engine.imports.profile.compile import ReadyProfile

STATES = ("ok", "warn", "error", "skip", "header")

# The rows of a chunk travel as one parameter: driver and database read JSON faster than arrays of texts.
_INSERT = text("""
    INSERT INTO import_row (workspace_id, batch_id, position, sheet, line, raw,
                            state, clean, issues, key, print, target_id)
    SELECT :workspace, :batch, position, sheet, line, raw, state, clean, issues, key, print, target
    FROM jsonb_to_recordset(CAST(:rows AS jsonb)) AS r (
        position bigint, sheet bigint, line bigint, raw jsonb, state text, clean jsonb, issues jsonb, key text,
        print text, target bigint)
""")


def put_rows(session: Session, batch_id: int, rows: Iterable[tuple[int, int, int, bytes, JudgedRow]]) -> None:
    """(position, sheet, line, raw cells as JSON, what was judged) of each."""
    told = [
        {
            "position": position,
            "sheet": sheet,
            "line": line,
            "raw": orjson.Fragment(raw),
            "state": judged.state,
            "clean": judged.values,
            "issues": judged.issues,
            "key": judged.key,
            "print": judged.print,
            "target": judged.target_id,
        }
        for position, sheet, line, raw, judged in rows
    ]
    if told:
        parameters = {"workspace": workspace_of(session), "batch": batch_id, "rows": orjson.dumps(told).decode()}
        session.execute(_INSERT, parameters)


def forget_rows(session: Session, batch_id: int) -> None:
    session.execute(delete(ImportRow).where(*of_batch(session, batch_id)))


def of_batch(session: Session, batch_id: int) -> tuple[Any, ...]:
    return ImportRow.workspace_id == workspace_of(session), ImportRow.batch_id == batch_id


def count_rows(session: Session, batch: ImportBatch) -> None:
    """The batch's counts by state."""
    statement = select(ImportRow.state, func.count()).where(*of_batch(session, batch.id)).group_by(ImportRow.state)
    found = {row[0]: row[1] for row in session.execute(statement)}
    batch.counts = {state: found.get(state, 0) for state in STATES}


def settle_doubles(session: Session, batch_id: int, profile: ReadyProfile, keys: Sequence[str] | None = None) -> None:
    """Say of rows with the same key that they repeat or contradict each other; `keys` limits it to those."""
    if not key_columns(profile):
        return
    mine = (*of_batch(session, batch_id), ImportRow.key.is_not(None))
    columns = (ImportRow.position, ImportRow.key, ImportRow.print, ImportRow.issues)
    if keys is not None:
        statement = select(*columns).where(*mine, ImportRow.key.in_(keys)).order_by(ImportRow.position)
    else:
        # Counted in one pass: rows that were just put in have no statistics yet, and a join of them goes wrong.
        alike = func.count().over(partition_by=ImportRow.key).label("alike")
        counted = select(*columns, alike).where(*mine).subquery()
        statement = select(*list(counted.c)[:4]).where(counted.c.alike > 1).order_by(counted.c.position)
    rows = session.execute(statement).all()
    doubles = find_doubles((position, key, print_ or "") for position, key, print_, _ in rows)
    duplicates = profile.definition.duplicates
    identical = duplicates.identical if duplicates else ("duplicate_row",)
    conflict = duplicates.conflict if duplicates else ("contradicting_rows",)
    for position, _, _, issues in rows:
        said = [each for each in issues if not each.get("double")]
        codes = identical if position in doubles.identical else ()
        codes = (*codes, *(conflict if position in doubles.conflict else ()))
        said += [_double(profile, code) for code in codes]
        if said != issues:
            change = update(ImportRow).where(*of_batch(session, batch_id), ImportRow.position == position)
            session.execute(
                change.values(issues=said, state=state_of(said)), execution_options={"synchronize_session": False}
            )


def _double(profile: ReadyProfile, code: str) -> dict[str, Any]:
    own = profile.definition.codes.get(code)
    usual = {"duplicate_row": "skip"}.get(code, "error")
    return {"column": "", "code": code, "level": own.level if own else usual, "double": True}


def read_rows(
    session: Session, batch_id: int, *, states: Sequence[str] = (), after: int = -1, limit: int = 100
) -> Sequence[ImportRow]:
    """A page of rows in the order of the file."""
    wanted = [*of_batch(session, batch_id), ImportRow.position > after]
    if states:
        wanted.append(ImportRow.state.in_(states))
    return session.scalars(select(ImportRow).where(*wanted).order_by(ImportRow.position).limit(limit)).all()


def cells_at(raw: Sequence[Any], fixed: Mapping[str, Any] | None) -> list[Any]:
    """The cells of a row as JSON, with those that people put right."""
    cells = list(raw)
    for at, cell in (fixed or {}).items():
        place = int(at)
        cells += [None] * (place + 1 - len(cells))
        cells[place] = cell
    return cells
