"""What a formula's error says, in the words of the people who write formulas."""

from collections.abc import Mapping

from web.phrases.formula_types import AMOUNT, KINDS, LIST_OF, SUGGESTION
from web.speech import gettext

_TYPES = ("wanted", "got", "left", "right", "expected", "found")


def in_words(params: Mapping[str, object]) -> dict[str, object]:
    """The parameters of a formula's error with types as words, and a circle as a way."""
    told = {name: type_words(value) if name in _TYPES else value for name, value in params.items()}
    names = told.get("names")
    if isinstance(names, list | tuple):
        told["names"] = " → ".join(map(str, names))
    return told


def type_words(value: object) -> object:
    """`number:CNY` as “an amount in CNY”; what is no type comes back as it is."""
    if not isinstance(value, str):
        return value
    kind, _, detail = value.partition(":")
    if kind == "number" and detail:
        return gettext(AMOUNT).replace("%(currency)s", detail)
    if kind == "list" and detail:
        return gettext(LIST_OF).replace("%(item)s", str(type_words(detail)))
    known = KINDS.get(value) or KINDS.get(kind)
    return gettext(known) if known is not None else value


def suggested(params: Mapping[str, object]) -> str:
    """The question whether a known word was meant; empty where none is near."""
    word = params.get("suggestion")
    return " " + gettext(SUGGESTION).replace("%(word)s", str(word)) if word else ""
