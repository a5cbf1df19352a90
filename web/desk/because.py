"""Why somebody is asked, in words: for whom they stand in, how they were found, who gave it to them."""

from collections.abc import Iterable, Mapping
from typing import Any

from formloom.i18n import localized

from web.phrases.marking import N_
from web.speech import gettext, ngettext

GIVEN = {
    "take_over": N_("taken over by %(name)s"),
    "reassign": N_("given by %(name)s"),
    "hand_over": N_("instead of %(name)s"),
}


def people_in(several: Iterable[Mapping[str, Any] | None]) -> set[int]:
    """Whose names the words need."""
    return {because[key] for because in several if because for key in ("for", "by", "of") if because.get(key)}


def because_words(because: Mapping[str, Any] | None, names: Mapping[int, str], locale: str) -> str:
    """`nearest: 3.2 km, 1 open task`; empty where there is nothing to say."""
    if not because:
        return ""
    parts = []
    if because.get("for"):
        parts.append(gettext("for %(name)s", name=names.get(because["for"], "?")))
    act = because.get("act")
    if act in GIVEN:
        whose = because.get("of") if act == "hand_over" else because.get("by")
        parts.append(gettext(GIVEN[act], name=names.get(whose or 0, "?")))
    parts += [words for one in because.get("best", ()) if (words := _measured(one, locale))]
    return gettext(", ").join(parts)


def _measured(one: Mapping[str, Any], locale: str) -> str:
    value, label = one.get("value"), one.get("label")
    if one["by"] == "round_robin":
        return gettext("whose turn it is")
    if value is None:
        return ""
    if one["by"] == "nearest":
        return gettext("nearest: %(distance)s km", distance=value)
    if one["by"] == "open_tasks":
        return ngettext("%(num)s open task", "%(num)s open tasks", int(value))
    name = localized(label, locale) if label else str(one.get("formula", "")).removeprefix("target.")
    return gettext("%(what)s: %(value)s", what=name, value=value)
