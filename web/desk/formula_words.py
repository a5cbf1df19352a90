"""A formula in plain words, with the names that people know its fields by."""

from collections.abc import Callable, Mapping

from formloom.i18n import localized

from form_engine.definition import CompiledForm
from form_engine.formula import Call, Literal, Name, Node
from form_engine.records.forms import Forms
from web.phrases.marking import N_

Say = Callable[[str], str]

_BETWEEN: Mapping[str, str] = {
    "=": N_("is"),
    "<>": N_("is not"),
    "<": N_("is less than"),
    "<=": N_("is at most"),
    ">": N_("is more than"),
    ">=": N_("is at least"),
    "IN": N_("is one of"),
    "AND": N_("and"),
    "OR": N_("or"),
}
_ALONE: Mapping[str, str] = {
    "ME": N_("the reader"),
    "TODAY": N_("today"),
    "NOW": N_("now"),
    "DEPARTMENT": N_("the department"),
    "MANAGER": N_("the manager"),
    "INITIATOR": N_("the initiator"),
}
_NAMES: Mapping[str, str] = {
    "created_by": N_("whoever made the record"),
    "created_at": N_("when the record was made"),
    "updated_by": N_("whoever changed the record last"),
    "updated_at": N_("when the record was changed last"),
    "number": N_("the record's number"),
    "id": N_("the record"),
}


def in_words(node: Node, forms: Forms, form: CompiledForm, locale: str, say: Say) -> str:
    """What the formula demands, in this language; a function without words of its own keeps its name."""

    def tell(part: Node, inner: bool = True) -> str:
        if isinstance(part, Name):
            return _named(part, forms, form, locale, say)
        if isinstance(part, Literal):
            return _literal(part)
        return _call(part, inner)

    def _call(call: Call, inner: bool) -> str:
        if call.function in _BETWEEN and len(call.args) > 1:
            told = f" {say(_BETWEEN[call.function])} ".join(tell(each) for each in call.args)
            return f"({told})" if inner and call.function in ("AND", "OR") else told
        if call.function == "NOT":
            return f"{say(N_('not'))} ({tell(call.args[0], inner=False)})"
        if call.function == "LIST":
            return ", ".join(tell(each) for each in call.args)
        name = say(_ALONE[call.function]) if call.function in _ALONE else call.function
        given = ", ".join(tell(each, inner=False) for each in call.args)
        return f"{name} ({given})" if given else name

    return tell(node, inner=False)


def _named(name: Name, forms: Forms, form: CompiledForm, locale: str, say: Say) -> str:
    words, here = [], form
    table = ""
    for key in name.path:
        field = here.field(f"{table}.{key}" if table else key)
        if field is None:
            words.append(say(_NAMES[key]) if key in _NAMES else key)
            break
        words.append(f"“{localized(field.definition.label, locale)}”")
        table = field.key if field.columns else ""
        target = field.points_to
        here = forms.get(target, here) if target is not None else here
    return " → ".join(words)


def _literal(part: Literal) -> str:
    if part.value is None:
        return "—"
    if isinstance(part.value, bool):
        return "TRUE" if part.value else "FALSE"
    return f"{part.value:f}" if not isinstance(part.value, str) else f"“{part.value}”"
