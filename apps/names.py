"""Names instead of ids: in samples and stories a link says what the other record is called, a member is a handle."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from formloom.db.uow import workspace_of
from sqlalchemy import select
from sqlalchemy.orm import Session

from form_engine.definition import FieldDef
from form_engine.fields.base import Json
from form_engine.models import Record

Values = dict[str, Json]


@dataclass(slots=True)
class Known:
    """What names already stand for: records by form and name, people by handle."""

    people: Mapping[str, int] = field(default_factory=dict)
    records: dict[str, dict[str, int]] = field(default_factory=dict)

    def learn(self, session: Session, form: str, key: str) -> None:
        """Take in the records of a form that are there already; `key` is the field that names them."""
        name = Record.data[key].astext
        mine = (Record.workspace_id == workspace_of(session), Record.form == form, name.is_not(None))
        self.records[form] = dict(session.execute(select(name, Record.id).where(*mine)).all())


class UnresolvedError(Exception):
    """A name that stands for nothing yet."""

    def __init__(self, form: str, name: object) -> None:
        super().__init__(form, name)
        self.form, self.name = form, name


def resolve(values: Mapping[str, Json], fields: Mapping[str, FieldDef], known: Known) -> Values:
    """The values with ids where names stood. Raises UnresolvedError; what is no field stays for validation to name."""
    return {key: _value(value, fields[key], known) if key in fields else value for key, value in values.items()}


def _value(value: Json, definition: FieldDef, known: Known) -> Json:
    match definition.type.name, value:
        case "link", str(name):
            return _found(known.records.get(definition.config.form, {}), definition.config.form, name)
        case "member", str(handle):
            return _found(known.people, "people", handle)
        case "table", list(rows):
            return [resolve(row, definition.by_key, known) if isinstance(row, dict) else row for row in rows]
    return value


def _found(ids: Mapping[str, int], form: str, name: str) -> int:
    if name not in ids:
        raise UnresolvedError(form, name)
    return ids[name]
