"""The way of a run in words, for its administrators: a line an event, with what it did and why."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from formloom.i18n import localized

from flow_engine.service.story import Asked, Condition, Deed, Incident, Opened, Passage, RunStory
from web.desk.timeline import DECIDED, KINDS, RUNS
from web.desk.world import World
from web.phrases.marking import N_
from web.speech import gettext, ngettext
from web.words import sentence

EVENTS = {
    "started": (N_("Started"), "submitted"),
    "timer": (N_("A time was up"), "idle"),
    "withdrawn": (N_("Withdrawn"), "idle"),
    "reseated": (N_("Others are asked"), "idle"),
    "stepped_in": (N_("Stepped in"), "idle"),
    "taken_back": (N_("Took the decision back"), "returned"),
    "failed": (N_("Something failed"), "rejected"),
    "resumed": (N_("What was waited for has come"), "approved"),
    "clock": (N_("A clock reached a mark"), "idle"),
}
ACTS = {
    "retry": (N_("Tried again"), "approved"),
    "skip": (N_("Left out"), "returned"),
    "jump": (N_("Sent to another step"), "returned"),
    "cancel": (N_("Cancelled"), "rejected"),
}
DEEDS = {
    "SetFields": N_("Set %(fields)s"),
    "Tell": N_("Told people"),
    "Copy": N_("Shown to others"),
    "EndRun": N_("The run ended"),
}
STARTS = {
    "submit": N_("submitted"),
    "button": N_("by a button"),
    "created": N_("when the record was made"),
    "updated": N_("when the record changed"),
    "deleted": N_("when the record was removed"),
    "date": N_("by a date"),
    "schedule": N_("by the clock"),
    "webhook": N_("by a webhook"),
    "flow": N_("by another flow"),
}
SIGNS = {">=": "≥", "<=": "≤", "<>": "≠"}
_NUMBER = re.compile(r"-?\d{4,}(\.\d+)?")
_SIGN = re.compile("|".join(map(re.escape, SIGNS)))


@dataclass(frozen=True, slots=True)
class Why:
    """A condition in one line, with what came out: `yes`, `no`, or an error."""

    text: str
    formula: str
    answer: str
    tone: str


@dataclass(frozen=True, slots=True)
class Ask:
    """A visit that was opened: whom it asked, each with what became of it."""

    title: str
    kind: str
    depth: int
    open: bool
    people: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One event."""

    at: datetime
    state: str
    title: str
    word: str
    tone: str
    who: str
    said: str
    depth: int
    whys: tuple[Why, ...]
    deeds: tuple[str, ...]
    asks: tuple[Ask, ...]


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something that waits for an administrator, in words."""

    visit: int
    title: str
    text: str
    details: tuple[str, ...]
    since: datetime | None
    may: tuple[str, ...]


def lines(world: World, story: RunStory) -> tuple[Line, ...]:
    """The whole way."""
    form = world.forms.get(story.run.form)
    return tuple(_line(each, form, world.locale) for each in story.passages)


def troubles(world: World, story: RunStory) -> tuple[Trouble, ...]:
    """What is stuck."""
    form = world.forms.get(story.run.form)
    return tuple(_trouble(each, form, world.locale) for each in story.incidents)


def started_words(started_by: str) -> str:
    """What began a run."""
    return gettext(STARTS.get(started_by.partition(":")[0], started_by))


def _line(each: Passage, form: Any, locale: str) -> Line:
    word, state, tone = _what(each)
    title = localized(each.title, locale) if each.title else ""
    who = each.actor_name or ("" if each.actor.startswith(("system", "flow")) else each.actor)
    if each.what == "failed" and each.act in DECIDED:
        who = f"{who} · {gettext(DECIDED[each.act][1])}"
    said = [each.reason or "", each.comment or ""]
    if each.code:
        said = [_because(each.code, each.params, form, locale)[0]]
    return Line(
        at=each.at,
        state=state,
        title=title or word,
        word=word if title else "",
        tone=tone,
        who=who or gettext("the system"),
        said=" · ".join(part for part in said if part),
        depth=min(each.depth, 4),
        whys=tuple(_why(one, form, locale) for one in each.conditions),
        deeds=tuple(_deed(one, form, locale) for one in each.deeds),
        asks=tuple(_ask(one, locale) for one in each.opened),
    )


def _what(each: Passage) -> tuple[str, str, str]:
    if each.what == "decided" and each.act in DECIDED:
        state, word, tone = DECIDED[each.act]
        return gettext(word), state, tone
    known = ACTS.get(each.act or "") if each.what == "operated" else EVENTS.get(each.what)
    word, state = known or (each.what, "idle")
    tone = {"approved": "good", "submitted": "good", "rejected": "bad", "returned": "warn"}.get(state, "idle")
    return gettext(word), state, tone


def _why(one: Condition, form: Any, locale: str) -> Why:
    """`amount >= 50000` with what the amount was: Amount 52,000.00 ≥ 50,000."""
    text = _SIGN.sub(lambda found: SIGNS[found[0]], one.formula)
    said = {name: f"{_label(form, name, locale)} = {_value(value)}" for name, value in one.values.items()}
    if said:
        names = "|".join(re.escape(name) for name in sorted(said, key=len, reverse=True))
        text = re.sub(rf"(?<![\w.\"])({names})(?![\w.\"(])", lambda found: said[found[0]], text)
    text = _NUMBER.sub(lambda found: _grouped(found[0]), text)
    title = " · ".join(localized(part, locale) for part in (one.title, one.case) if part)
    if isinstance(one.answer, bool):
        answer, tone = (gettext("yes"), "good") if one.answer else (gettext("no"), "idle")
    else:
        answer, tone = one.answer, "bad"
    return Why(f"{title}: {text}", one.formula, answer, tone)


def _value(value: str | None) -> str:
    if value is None:
        return gettext("blank")
    return _grouped(value) if _NUMBER.fullmatch(value) else value


def _grouped(number: str) -> str:
    whole, dot, rest = number.partition(".")
    return f"{int(whole):,}{dot}{rest}"


def _label(form: Any, name: str, locale: str) -> str:
    field = form.field(name) if form is not None and "." not in name else None
    return localized(field.definition.label, locale) if field is not None else name


def _deed(one: Deed, form: Any, locale: str) -> str:
    labels = ", ".join(_label(form, name, locale) for name in one.fields)
    word = DEEDS.get(one.effect)
    told = gettext(word, fields=labels) if word and one.fields else gettext(word or N_("Done by the flow"))
    title = localized(one.title, locale) if one.title else ""
    return f"{title}: {told}" if title else told


def _ask(one: Opened, locale: str) -> Ask:
    kind = gettext(KINDS[one.kind]) if one.kind in KINDS else ""
    people = tuple((_person(each), _became(each), _reason(each)) for each in one.asked)
    return Ask(localized(one.title, locale), kind, min(one.depth, 4), one.open, people)


def _person(one: Asked) -> str:
    return one.name or gettext("somebody")


def _became(one: Asked) -> str:
    if one.status == "open":
        return gettext("is asked")
    if one.status == "closed":
        return gettext("was not needed")
    _, word, _ = DECIDED.get(one.decision or "", ("", one.decision or "", ""))
    return gettext(word) if word else ""


def _reason(one: Asked) -> str:
    """How it came that it was them, as far as it was noted."""
    told = one.because or {}
    said = told.get("text") or told.get("because") or ""
    return said if isinstance(said, str) else ""


def _because(code: str, params: Mapping[str, Any], form: Any, locale: str) -> tuple[str, tuple[str, ...]]:
    """Why something failed: the sentence, and a line for each field it concerns."""
    issues = params.get("issues") or ()
    details = tuple(_issue(issue, form, locale) for issue in issues)
    if details and code == "invalid_input":
        return "; ".join(details), details
    text = gettext("The formula gives %(error)s.", error=code) if code.startswith("#") else sentence(code, params)
    return text, details


def _issue(issue: Mapping[str, Any], form: Any, locale: str) -> str:
    name = str(issue.get("pointer", "")).strip("/").partition("/")[0]
    params = issue.get("params") or {}
    text = sentence(str(issue.get("code")), params)
    error = params.get("error")
    told = f"{text} ({error})" if error else text
    return f"{_label(form, name, locale)}: {told}" if name else told


def _trouble(one: Incident, form: Any, locale: str) -> Trouble:
    text, details = _because(one.code, one.params, form, locale)
    return Trouble(one.visit, localized(one.title, locale), text, details, one.since, one.may)


def status_words(status: str) -> tuple[str, str]:
    """A status in a word, and the chip's tone."""
    word, tone = RUNS.get(status, (status, "idle"))
    return gettext(word), tone


def length_words(seconds: int | None) -> str:
    """A length of time as people say it; a dash for none."""
    if seconds is None:
        return "–"
    if seconds < 60:
        return ngettext("%(num)s second", "%(num)s seconds", seconds)
    if seconds < 5400:
        return ngettext("%(num)s minute", "%(num)s minutes", round(seconds / 60))
    if seconds < 129_600:
        return gettext("%(number)s hours", number=f"{seconds / 3600:.1f}".removesuffix(".0"))
    return gettext("%(number)s days", number=f"{seconds / 86_400:.1f}".removesuffix(".0"))
