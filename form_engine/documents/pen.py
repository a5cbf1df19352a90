"""What blocks draw with: one record as one reader may see it, in one language. Pure: everything was loaded before.

Names of people, files and linked records are found together: a first drawing notes which are wanted, a second has them.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cmp_to_key
from typing import Any

from formloom.i18n import localized

from form_engine.documents.blocks import Block, Node
from form_engine.documents.blocks.rows import Rows
from form_engine.documents.compile import CompiledDocument, Reading
from form_engine.documents.phrase import Phrase
from form_engine.documents.wording import word
from form_engine.fields.answers import NO_NAMES, Glossary
from form_engine.fields.expression import Formula
from form_engine.fields.formula import computed_json
from form_engine.formula import Context, Env, ErrorValue, RecordValue, Value
from form_engine.formula.comparison import order

Found = tuple[tuple[RecordValue, ...], int]
"""Records that link here, and how many more there are."""


@dataclass(slots=True)
class Wanted:
    """Ids that the first drawing met, by what they are ids of."""

    record: set[Any] = field(default_factory=set)
    person: set[Any] = field(default_factory=set)
    department: set[Any] = field(default_factory=set)
    file: set[Any] = field(default_factory=set)

    def __bool__(self) -> bool:
        return bool(self.record or self.person or self.department or self.file)


@dataclass(slots=True)
class Pen:
    """`readable` tells of a formula whether the reader may read all that it reads; `linked` are the rows of blocks that
    show records of another form, by the block's place; `pictures` are the files that are pictures.
    """

    document: CompiledDocument
    record: RecordValue
    context: Context
    locale: str
    readable: Callable[[Reading], bool]
    linked: Mapping[str, Found] = field(default_factory=dict)
    links: Mapping[str, str] = field(default_factory=dict)
    names: Glossary = NO_NAMES
    pictures: frozenset[str] = frozenset()
    wanted: Wanted = field(default_factory=Wanted)

    def draw(self, blocks: Iterable[Block]) -> list[Node]:
        """The nodes of these blocks. A condition that gives an error is shown: silence would be another document."""
        nodes: list[Node] = []
        for block in blocks:
            holds = self.value(block.when) if block.when is not None else True
            if isinstance(holds, ErrorValue):
                nodes.append({"is": "words", "text": holds.code, "level": 0, "align": "left", "muted": False})
            elif holds is True:
                nodes += block.draw(self)
        return nodes

    def may_read(self, formula: Formula, scope: str = "") -> bool:
        """Whether the reader may read everything that this formula reads."""
        return self.readable(self._reading(formula, scope))

    def value(self, formula: Formula, scope: str = "", row: RecordValue | None = None) -> Value:
        """What the formula gives; blank where the reader may not read what it reads."""
        return self._answer(self._reading(formula, scope), row)

    def words(self, formula: Formula, scope: str = "", row: RecordValue | None = None) -> str:
        """The same as a reader writes it; blank is empty."""
        return self.answer(self._reading(formula, scope), row)

    def answer(self, reading: Reading, row: RecordValue | None = None) -> str:
        """The same of a reading."""
        return self._spelled(reading, self._answer(reading, row))

    def spell(self, formula: Formula, value: Value, scope: str = "") -> str:
        """A value in the words of this formula's field."""
        return self._spelled(self._reading(formula, scope), value)

    def _answer(self, reading: Reading, row: RecordValue | None) -> Value:
        if not self.readable(reading):
            return None
        return reading.run(Env(own=self.record, row=row, context=self.context))

    def _spelled(self, reading: Reading, value: Value) -> str:
        if value is None:
            return ""
        if isinstance(value, ErrorValue):
            return value.code
        face = reading.face
        stored: Any = computed_json(value) if face.computed else face.kind.to_json(value, face.config)
        if not isinstance(stored, str | bool | int | list | dict):
            stored = computed_json(stored)
        if isinstance(stored, list):
            stored = [each if isinstance(each, str | int | dict) else computed_json(each) for each in stored]
        if stored is None:
            return ""
        if face.kind.refers is not None:
            getattr(self.wanted, face.kind.refers).update(face.kind.ids(stored))
        return face.kind.print_text(stored, face.config, self.locale, self.names)

    def say(self, phrase: Phrase | None) -> str:
        """A text with its placeholders filled in."""
        if phrase is None:
            return ""
        parts = phrase.in_locale(self.locale)
        return "".join(part if isinstance(part, str) else self.words(part) for part in parts)

    def label(self, formula: Formula, scope: str = "") -> str:
        """What the field is called that a plain path ends at."""
        label = self._reading(formula, scope).face.label
        return localized(label, self.locale) if label is not None else formula.text

    def is_number(self, formula: Formula, scope: str = "") -> bool:
        """Whether it is a figure, to be set right."""
        return self._reading(formula, scope).type.kind == "number"

    @staticmethod
    def is_error(value: Value) -> bool:
        """Whether a formula failed."""
        return isinstance(value, ErrorValue)

    def rows_of(self, block: Rows) -> tuple[tuple[RecordValue, ...] | None, int]:
        """The rows of a block in order, and how many more there are; None where the reader may not know of any."""
        if block.via is not None:
            return self.linked.get(block.at, (None, 0))
        stored = self.record.values.get(block.source)
        rows = [row for row in stored if isinstance(row, RecordValue)] if isinstance(stored, tuple) else []
        if block.where is not None:
            rows = [row for row in rows if self.value(block.where, block.scope, row) is True]
        for formula, descending in reversed(list(block.by.values())):
            rows = self._sorted(rows, formula, block.scope, descending=descending)
        return tuple(rows[: block.limit]), max(0, len(rows) - block.limit)

    def _sorted(self, rows: list[RecordValue], formula: Formula, scope: str, *, descending: bool) -> list[RecordValue]:
        """Blanks last, whichever way."""
        keyed: list[tuple[Value, RecordValue]] = [(self.value(formula, scope, row), row) for row in rows]
        given = [pair for pair in keyed if pair[0] is not None]
        given.sort(key=cmp_to_key(_compared), reverse=descending)
        return [row for _, row in given] + [row for value, row in keyed if value is None]

    def files(self, formula: Formula | None) -> tuple[str, ...]:
        """The ids of stored files that a field holds."""
        value = self.value(formula) if formula is not None else None
        listed = value if isinstance(value, tuple) else (value,)
        return tuple(each for each in listed if isinstance(each, str))

    def is_picture(self, file: str) -> bool:
        """Whether a stored file can be shown."""
        self.wanted.file.add(file)
        return file in self.pictures

    def link(self, which: str) -> str:
        """The address of the record, or of its open guest link; empty where there is none."""
        return self.links.get(which, "")

    def word(self, key: str, **said: object) -> str:
        """A word of our own."""
        return word(key, self.locale, **said)

    def _reading(self, formula: Formula, scope: str) -> Reading:
        return self.document.readings[scope, formula.text]


def _compared(left: tuple[Value, RecordValue], right: tuple[Value, RecordValue]) -> int:
    found = order(left[0], right[0])
    return found if isinstance(found, int) else 0
