"""The part of a view that makes it a page of work: what records wait for, as cards, in the order of the way there."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from formloom.errors import Issue

from form_engine.definition.model import FormDef
from form_engine.formula import Type


@dataclass(frozen=True, slots=True)
class Work:
    """`asks`: only records on which the reader is asked something, or every record of the view with whoever is asked.

    `near` is a field that gives a place: cards tell how far it is from the reader, and can stand in that order.
    `links` are addresses that a card offers as buttons.
    """

    asks: Literal["me", "everybody"] = "me"
    near: str | None = None
    links: tuple[str, ...] = ()


def read_work(raw: Mapping[str, Any] | None) -> Work | None:
    """From the JSON of a view that its schema let through."""
    return None if raw is None else Work(raw.get("asks", "me"), raw.get("near"), tuple(raw.get("links", ())))


def work_issues(work: Work, form: FormDef, types: Mapping[str, Type]) -> Iterator[Issue]:
    """What it names that the form does not have, or that is no place and no address."""
    named = [("/work/near", work.near, "location")] if work.near is not None else []
    named += [(f"/work/links/{at}", key, "text") for at, key in enumerate(work.links)]
    for at, key, expected in named:
        if form.find(key) is None:
            yield Issue(at, "unknown_field", {"field": key})
        elif types[key].kind not in (expected, "any"):
            yield Issue(at, "wrong_type", {"expected": expected, "found": types[key].kind})
