"""`Facts` from the database: many records with their totals in one query."""

from collections.abc import Collection, Iterable

from sqlalchemy import bindparam, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session
from sqlalchemy.types import BigInteger

from form_engine.formula import Context
from form_engine.records.facts import Fact, Facts, Load
from form_engine.records.forms import Forms

_LOAD = text("SELECT record_facts(:ids, :without)").bindparams(
    bindparam("ids", type_=ARRAY(BigInteger)), bindparam("without", type_=ARRAY(BigInteger))
)


def loader(session: Session, without: Collection[int] = ()) -> Load:
    """Loads records of the session's workspace; totals leave out what the children in `without` add."""

    def load(ids: Collection[int]) -> Iterable[Fact]:
        rows = session.scalars(_LOAD, {"ids": sorted(ids), "without": sorted(without)})
        return [Fact.read(row) for row in rows]

    return load


def facts_of(session: Session, forms: Forms, context: Context, without: Collection[int] = ()) -> Facts:
    """Facts that load themselves from this session."""
    return Facts(forms, context, loader(session, without))
