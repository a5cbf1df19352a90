"""What the database did not take, as the errors that people understand: the record that is in the way is named where it
may be read.
"""

from collections.abc import Callable, Iterable, Mapping

from formloom.errors import Conflict, InvalidInput, Issue

from form_engine.definition import CompiledForm
from form_engine.records import apply
from form_engine.records.named import named
from form_engine.records.write import RecordWrite

TitleOf = Callable[[int], str | None]
"""The title of a record as the one who writes may read it; None: they may not."""


def refusal(
    refused: apply.Refused, forms: Mapping[str, CompiledForm], writes: Iterable[RecordWrite], title_of: TitleOf
) -> Exception:
    """The error for a batch that was refused."""
    match refused.state:
        case apply.UNIQUE:
            return _taken("not_unique", refused, str(refused.detail.get("rule", "")).split(","), {}, title_of)
        case apply.OVERLAP:
            return _overlap(refused, forms.get(str(refused.detail.get("form"))), title_of)
        case apply.NO_FILE:
            named_files = (each for write in writes for each in named(forms[write.form], write.data, "file"))
            issues = tuple(Issue(each.pointer, "unknown_file") for each in named_files)
            return InvalidInput("invalid_input", issues=issues)
        case apply.GONE:
            return _gone(refused, forms, writes)
        case apply.TOTAL:
            return Conflict("totals_keep_moving", refused.detail)
        case _:
            return Conflict("version_conflict", refused.detail)


def of_a_step(state: str | None, detail: Mapping[str, object]) -> Conflict | None:
    """The same for a step of a flow, which tells a decider nothing of records beside the one they decide on. None: no
    refusal of ours.
    """
    rule = str(detail.get("rule", ""))
    match state:
        case apply.UNIQUE:
            return Conflict("not_unique_hidden", {"fields": rule.split(",")})
        case apply.OVERLAP:
            return Conflict("overlaps_hidden", {"fields": rule.partition(":")[2].split("-")})
        case apply.GONE:
            return Conflict("linked_record_gone")
        case apply.NO_FILE:  # swept between the look and the write
            return Conflict("unknown_file")
        case _:
            return None


def _overlap(refused: apply.Refused, form: CompiledForm | None, title_of: TitleOf) -> InvalidInput:
    rules = form.definition.no_overlap if form is not None else ()
    rule = next((each for each in rules if each.name == refused.detail.get("rule")), None)
    fields = [rule.start, rule.end] if rule is not None else []
    said = {"message": rule.message} if rule is not None and rule.message is not None else {}
    return _taken("overlaps", refused, fields, said, title_of)


def _gone(refused: apply.Refused, forms: Mapping[str, CompiledForm], writes: Iterable[RecordWrite]) -> InvalidInput:
    """Somebody put a record into the bin while this write was made that links to it."""
    links = (link for write in writes for link in named(forms[write.form], write.data, "record"))
    gone = [link for link in links if link.id == refused.detail.get("id")]
    return InvalidInput(
        "invalid_input", issues=tuple(Issue(link.pointer, "unknown_record", {"form": link.form}) for link in gone)
    )


def _taken(
    code: str, refused: apply.Refused, fields: list[str], said: Mapping[str, object], title_of: TitleOf
) -> InvalidInput:
    other = refused.detail.get("record")
    title = title_of(other) if isinstance(other, int) else None
    seen = {"record": other, "title": title} if title is not None else {}
    params = {"fields": fields, **said, **seen}
    issues = tuple(Issue(f"/{key}", code if seen else f"{code}_hidden", params) for key in fields)
    return InvalidInput(code, params, issues)
