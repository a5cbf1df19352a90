"""Imports as JSON: the batch, its columns and mapping, its rows with what came in beside what it was read as."""

from collections.abc import Mapping, Sequence
from typing import Any

from formloom.clock import time_zone
from sqlalchemy.orm import Session

from form_engine.imports.models import ImportBatch, ImportRow
from form_engine.imports.profile import ImportProfile, parse_profile
from form_engine.imports.report import words
from form_engine.imports.staging import cells_at
from web.locales import current_locale
from web.words import sentence


def batch_json(session: Session, batch: ImportBatch) -> dict[str, Any]:
    """``state`` is reading, unread, ready, running, stopped, done, failed, undoing or undone."""
    return {
        "id": batch.id,
        "form": batch.form,
        "state": batch.state,
        "file": batch.file_name,
        "profile_key": batch.profile_key,
        "profile": batch.profile or None,
        "sheets": batch.found.get("sheets", []),
        "suggested": batch.found.get("suggested", []),
        "remembered": batch.found.get("remembered"),
        "counts": batch.counts,
        "result": batch.result,
        "job": batch.job_id,
        "created_by": batch.created_by,
        "created_at": batch.created_at.astimezone(time_zone(session)).isoformat(),
    }


def rows_json(batch: ImportBatch, rows: Sequence[ImportRow], limit: int) -> dict[str, Any]:
    """A page of rows; ``next`` is what ``after`` takes."""
    profile = parse_profile(batch.profile) if batch.profile else None
    items = [row_json(batch, profile, row) for row in rows]
    return {"items": items, "next": rows[-1].position if len(rows) == limit else None}


def row_json(batch: ImportBatch, profile: ImportProfile | None, row: ImportRow) -> dict[str, Any]:
    """``raw`` are the cells with corrections in them, ``clean`` the values by column key."""
    return {
        "row": row.position,
        "sheet": row.sheet,
        "line": row.line,
        "state": row.state,
        "raw": [_plain(cell) for cell in cells_at(row.raw, row.fixed)],
        "fixed": sorted(int(at) for at in row.fixed or {}),
        "clean": row.clean,
        "issues": [_issue(profile, issue) for issue in row.issues],
        "target": row.target_id,
        "record": row.record_id,
    }


def _issue(profile: ImportProfile | None, issue: Mapping[str, Any]) -> dict[str, Any]:
    told = words(profile, issue, current_locale(), sentence) if profile else sentence(issue["code"], {})
    return {"column": issue["column"] or None, "code": issue["code"], "level": issue["level"], "detail": told}


def _plain(cell: Any) -> Any:
    """A cell as a JSON scalar; dates in ISO form, fractions as text."""
    if isinstance(cell, dict):
        return next(iter(cell.values()))
    if isinstance(cell, float):
        return int(cell) if cell.is_integer() else repr(cell)
    return cell
