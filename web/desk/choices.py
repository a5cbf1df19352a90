"""Whom somebody picks when they submit or press, as the form page, a button and programs are told."""

from collections.abc import Iterable
from typing import Any

from formloom import people
from formloom.i18n import localized
from sqlalchemy.orm import Session

from flow_engine.service.choices import ChoiceView
from web.context import services
from web.locales import current_locale


def choices_json(session: Session, choices: Iterable[ChoiceView]) -> list[dict[str, Any]]:
    """With names."""
    several = list(choices)
    names = people.names(session, {one for choice in several for one in choice.people or ()})
    return [
        {
            "flow": choice.flow,
            "step": choice.step,
            "title": localized(choice.title, current_locale()),
            "many": choice.many,
            "people": None
            if choice.people is None
            else [{"id": person, "name": names.get(person, "")} for person in choice.people],
        }
        for choice in several
    ]


def choices_to_submit(session: Session, form: str, actor: Any) -> list[dict[str, Any]]:
    """Of the flows that submitting a record of this form may start."""
    return choices_json(session, services().flows.choices(session, form, actor))
