"""Whether the departments and people whom flows name are there."""

from collections.abc import Iterator

from formloom.db.uow import workspace_of
from formloom.errors import Issue
from formloom.models import Department, Person
from sqlalchemy import select
from sqlalchemy.orm import Session

from flow_engine.definition import FlowDef
from flow_engine.definition.check_people import check_organisation, names_organisation


def organisation_issues(session: Session, flow: FlowDef) -> Iterator[Issue]:
    """Asked of the database only where a flow names one."""
    if not names_organisation(flow):
        return
    here = workspace_of(session)
    departments = frozenset(session.scalars(select(Department.key).where(Department.workspace_id == here)))
    there = (Person.workspace_id == here, Person.disabled_at.is_(None))
    yield from check_organisation(flow, departments, frozenset(session.scalars(select(Person.id).where(*there))))
