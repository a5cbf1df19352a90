"""From records that changed to those that hang on them, along the link table."""

from collections.abc import Iterable
from typing import Any, Final

from formloom.db.uow import workspace_of
from sqlalchemy import ARRAY, BigInteger, bindparam, text
from sqlalchemy.orm import Session

from form_engine.recalculation.routes import SELF, Way

_IDS: Final = bindparam("ids", type_=ARRAY(BigInteger))


def dependants(session: Session, way: Way, ids: Iterable[int], most: int) -> list[int]:
    """The records at the other end of a way, at most so many."""
    return list(
        session.scalars(_along(way), {**_names(way), "ws": workspace_of(session), "ids": sorted(ids), "most": most})
    )


def put_off(session: Session, way: Way, ids: Iterable[int]) -> None:
    """A mark for each record at the other end of a way."""
    sent = {**_names(way), "ws": workspace_of(session), "ids": sorted(ids), "most": None, "self": SELF}
    put = f"INSERT INTO recalculation (workspace_id, record_id, cause) SELECT :ws, d.id, :self FROM ({_sql(way)}) d"  # noqa: S608
    session.execute(text(put).bindparams(_IDS), sent)


def _along(way: Way) -> Any:
    return text(_sql(way)).bindparams(_IDS)


def _sql(way: Way) -> str:
    """The records at the other end, as a SELECT of `id`: a join a link. Names travel as parameters."""
    if not way:
        return "SELECT unnest(CAST(:ids AS bigint[])) AS id LIMIT :most"
    joins = "".join(
        f" JOIN record_link l{n} ON l{n}.workspace_id = :ws AND l{n}.to_id = l{n - 1}.from_id"
        f" AND l{n}.from_form = :form{n} AND l{n}.path = :path{n}"
        for n in range(1, len(way))
    )
    return (
        f"SELECT DISTINCT l{len(way) - 1}.from_id AS id FROM record_link l0{joins}"  # noqa: S608
        " WHERE l0.workspace_id = :ws AND l0.to_id = ANY(:ids) AND l0.from_form = :form0 AND l0.path = :path0"
        " LIMIT :most"
    )


def _names(way: Way) -> dict[str, str]:
    return {
        f"{name}{n}": value for n, hop in enumerate(way) for name, value in (("form", hop.form), ("path", hop.path))
    }
