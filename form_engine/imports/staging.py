"""Rows of a batch in the database: put in by the hundred, looked at by page, counted, set right."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from formloom.db.uow import workspace_of
from sqlalchemy import bindparam, delete, func, select, text, update
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session
from sqlalchemy.types import BigInteger, Text

from form_engine.imports.duplicates import find_doubles
from form_engine.imports.judge import JudgedRow, key_columns, state_of
from form_engine.imports.models import ImportBatch, ImportRow
from form_engine.imports.profile.compile import ReadyProfile

STATES = ("ok", "warn", "error", "skip", "header")

# One array a column: the rows of a chunk travel as eleven parameters, whatever their number.
_INSERT = text("""
    INSERT INTO import_row (workspace_id, batch_id, position, sheet, line, raw,
                            state, clean, issues, key, print, target_id)
    SELECT :workspace, :batch, * FROM unnest(
        CAST(:position AS bigint[]), CAST(:sheet AS bigint[]), CAST(:line AS bigint[]), CAST(:raw AS jsonb[]),
        CAST(:state AS text[]), CAST(:clean AS jsonb[]), CAST(:issues AS jsonb[]), CAST(:key AS text[]),
        CAST(:print AS text[]), CAST(:target AS bigint[]))
""").bindparams(
    *(bindparam(name, type_=ARRAY(BigInteger)) for name in ("position", "sheet", "line", "target")),
    *(bindparam(name, type_=ARRAY(Text)) for name in ("raw", "state", "clean", "issues", "key", "print")),
)


def put_rows(session: Session, batch_id: int, rows: Iterable[tuple[int, int, int, bytes, JudgedRow]]) -> None:
    """(position, sheet, line, raw cells as JSON, what was judged) of each."""
    rows = list(rows)
    if not rows:
        return
    session.execute(
        _INSERT,
        {
            "workspace": workspace_of(session),
            "batch": batch_id,
            "position": [each[0] for each in rows],
            "sheet": [each[1] for each in rows],
            "line": [each[2] for each in rows],
            "raw": [each[3].decode() for each in rows],
            "state": [each[4].state for each in rows],
            "clean": [_json(each[4].values) for each in rows],
            "issues": [_json(each[4].issues) for each in rows],
            "key": [each[4].key for each in rows],
            "print": [each[4].print for each in rows],
            "target": [each[4].target_id for each in rows],
        },
    )


def _json(value: Any) -> str | None:
    return None if value is None else orjson.dumps(value).decode().replace("\\u0000", "")


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
    if keys is not None:
        mine = (*mine, ImportRow.key.in_(keys))
    else:
        twice = select(ImportRow.key).where(*mine).group_by(ImportRow.key).having(func.count() > 1)
        mine = (*mine, ImportRow.key.in_(twice))
    statement = select(ImportRow.position, ImportRow.key, ImportRow.print, ImportRow.issues).where(*mine)
    rows = session.execute(statement.order_by(ImportRow.position)).all()
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
