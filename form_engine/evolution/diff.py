"""What is different between two versions of a form, told by keys. Pure.

Works on definitions as they were published (JSON), so that any two can be compared, old and wrong ones too.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

Body = Mapping[str, Any]
Subject = Literal["form", "field", "rule", "access", "section"]
Kind = Literal["added", "removed", "changed", "renamed", "retyped", "moved"]

_FIELD_APART: Final = frozenset({"key", "fields", "rules", "was"})
_FORM_APART: Final = frozenset({"kind", "key", "fields", "rules", "layout", "access"})


@dataclass(frozen=True, slots=True)
class Change:
    """One difference. `key` is a field's path, a role, or empty (the form itself); `what` is the part of it that
    changed (`label`, `required`, `options`, a rule's `message` …); `old` and `new` are the JSON of that part.
    """

    subject: Subject
    kind: Kind
    key: str
    what: str = ""
    old: Any = None
    new: Any = None


def diff_forms(old: Body, new: Body) -> tuple[Change, ...]:
    """Every difference, fields first, in the order of the new version."""
    return (
        *_fields(_list(old, "fields"), _list(new, "fields"), ""),
        *_rules("", _list(old, "rules"), _list(new, "rules")),
        *_access(_list(old, "access"), _list(new, "access")),
        *_sections(_list(old, "layout"), _list(new, "layout")),
        *_parts("form", "", old, new, _FORM_APART),
    )


def _fields(old: Sequence[Body], new: Sequence[Body], prefix: str) -> Iterator[Change]:
    before, after = _by(old, "key"), _by(new, "key")
    former = {
        was: key for key, field in after.items() for was in field.get("was", ()) if was in before and was not in after
    }
    for key, field in before.items():
        if key not in after and key not in former:
            yield Change("field", "removed", prefix + key, old=field)
    for key, field in after.items():
        source = key if key in before else next((was for was, now in former.items() if now == key), None)
        if source is None:
            yield Change("field", "added", prefix + key, new=field)
            continue
        if source != key:
            yield Change("field", "renamed", prefix + key, "key", prefix + source, prefix + key)
        yield from _field(before[source], field, prefix + key)
    same = [key for key in after if key in before]
    yield from (
        Change("field", "moved", prefix + key, "order") for key in _moved([key for key in before if key in after], same)
    )


def _field(old: Body, new: Body, path: str) -> Iterator[Change]:
    if old.get("type") != new.get("type"):
        yield Change("field", "retyped", path, "type", old.get("type"), new.get("type"))
    yield from _parts("field", path, old, new, _FIELD_APART | {"type"})
    yield from _rules(path, _list(old, "rules"), _list(new, "rules"))
    if "fields" in old or "fields" in new:
        yield from _fields(_list(old, "fields"), _list(new, "fields"), f"{path}.")


def _parts(subject: Subject, key: str, old: Body, new: Body, apart: frozenset[str]) -> Iterator[Change]:
    for what in dict.fromkeys((*old, *new)):
        if what not in apart and old.get(what) != new.get(what):
            yield Change(subject, "changed", key, what, old.get(what), new.get(what))


def _rules(path: str, old: Sequence[Body], new: Sequence[Body]) -> Iterator[Change]:
    """A rule is known by what it demands."""
    before, after = _by(old, "assert"), _by(new, "assert")
    yield from (Change("rule", "removed", path, old=rule) for text, rule in before.items() if text not in after)
    for text, rule in after.items():
        if text not in before:
            yield Change("rule", "added", path, new=rule)
        elif before[text].get("message") != rule.get("message"):
            yield Change("rule", "changed", path, "message", before[text].get("message"), rule.get("message"))


def _access(old: Sequence[Body], new: Sequence[Body]) -> Iterator[Change]:
    """Lines of one role are held together by their filter, else by their order."""
    rest = list(old)
    for line in new:
        same = [each for each in rest if each.get("role") == line.get("role")]
        twin = next((each for each in same if each.get("where") == line.get("where")), next(iter(same), None))
        if twin is None:
            yield Change("access", "added", str(line.get("role")), new=line)
            continue
        rest.remove(twin)
        alike = {**line, "may": sorted(line.get("may", ()))}, {**twin, "may": sorted(twin.get("may", ()))}
        yield from _parts("access", str(line.get("role")), alike[1], alike[0], frozenset({"role"}))
    yield from (Change("access", "removed", str(line.get("role")), old=line) for line in rest)


def _sections(old: Sequence[Body], new: Sequence[Body]) -> Iterator[Change]:
    """Fields that stand in another section, and sections whose heading, note or columns are new."""
    home = {item: at for at, section in enumerate(old) for item in _list(section, "items")}
    for at, section in enumerate(new):
        for item in _list(section, "items"):
            was = home.get(item)
            if was is not None and _name(old[was], was) != _name(section, at) and old[was] != section:
                yield Change("field", "moved", item, "section", old[was].get("section"), section.get("section"))
    for at in range(max(len(old), len(new))):
        one, other = (old[at] if at < len(old) else None), (new[at] if at < len(new) else None)
        if one is None or other is None:
            kind: Kind = "added" if one is None else "removed"
            yield Change("section", kind, str(at + 1), old=one, new=other)
        else:
            yield from _parts("section", str(at + 1), one, other, frozenset({"items"}))


def _name(section: Body, at: int) -> Any:
    return section.get("section") or at


def _moved(before: list[str], after: list[str]) -> list[str]:
    """The fewest keys that must move to come from one order to the other: all but a longest run that kept its order."""
    place = {key: at for at, key in enumerate(before)}
    best: list[list[str]] = []
    for key in after:
        best.append([*_longest([run for run in best if place[run[-1]] < place[key]]), key])
    kept = set(_longest(best))
    return [key for key in after if key not in kept]


def _longest(runs: list[list[str]]) -> list[str]:
    longest: list[str] = []
    for run in runs:
        longest = run if len(run) > len(longest) else longest
    return longest


def _by(parts: Sequence[Body], name: str) -> dict[str, Body]:
    return {str(part.get(name)): part for part in parts if isinstance(part, Mapping)}


def _list(body: Body, name: str) -> list[Any]:
    found = body.get(name)
    return found if isinstance(found, list) else []
