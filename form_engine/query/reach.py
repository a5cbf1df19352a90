"""Which records of other forms a question may look into: those that the asker's roles let them read there."""

from collections.abc import Callable
from dataclasses import replace

from sqlalchemy import ColumnElement

from form_engine.permission.access import Access
from form_engine.query.columns import FormColumns

Reach = Callable[[FormColumns], ColumnElement[bool]]


def reach_of(access: Access) -> Reach:
    """The predicate over a linked record, by the same actor's role lines of its form.

    Single grants are left out: they may show other fields than the roles do, and a filter speaks of all alike.
    """

    def reach(linked: FormColumns) -> ColumnElement[bool]:
        rules = tuple(rule for rule in linked.form.access if rule.role in access.actor.roles)
        there = replace(access, form=linked.form, rules=rules, granted=())
        return there.predicate("read", replace(linked, reach=None, blank_equals=False))

    return reach
