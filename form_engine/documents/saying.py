"""A short text with `{formula}` in it, said to one reader: what they may not read is blank (ADR 086).

The same reading as in documents: a placeholder is a formula of the form, and no more than that.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from formloom import people
from formloom.clock import time_zone
from formloom.errors import InvalidDefinition, NotFound
from sqlalchemy.orm import Session

from form_engine.definition import CompiledForm, FieldAccess
from form_engine.definitions_store import FormStore
from form_engine.documents.compile import CompiledDocument, compile_document
from form_engine.documents.model import DocumentDef
from form_engine.documents.pen import Pen
from form_engine.documents.phrase import Parts, Phrase
from form_engine.documents.reading import readable_by
from form_engine.fields.answers import Glossary
from form_engine.fields.base import ConfigError
from form_engine.fields.expression import Formula, read_formula
from form_engine.permission import access_for
from form_engine.permission.access import Access
from form_engine.records.actor import SYSTEM, Actor
from form_engine.records.context import context_for
from form_engine.records.facts_sql import facts_of
from form_engine.records.reader import Reader
from form_engine.records.titles import titles


@dataclass(slots=True)
class Sayer:
    """Says texts about one record, to whom it is asked."""

    session: Session
    forms: FormStore
    record: int
    _compiled: dict[tuple[str | Formula, ...], CompiledDocument | None] = field(default_factory=dict)

    def say(self, words: str, parts: Parts, reader: Actor, locale: str, shown: FieldAccess | None = None) -> str:
        """`parts` of the wording `words` in one text. `shown`: what a guest, who has no roles, is shown of the record.

        To whoever may not open the record every placeholder is blank.
        """
        if not any(isinstance(part, Formula) for part in parts):
            return "".join(part for part in parts if isinstance(part, str))
        pen = self._pen(words, parts, reader, locale, shown)
        if pen is None:
            return "".join(part for part in parts if isinstance(part, str))
        phrase = Phrase(words, {words: parts})
        said = pen.say(phrase)
        if pen.wanted:
            self._name(pen, reader)
            said = pen.say(phrase)
        return said

    def _pen(self, words: str, parts: Parts, reader: Actor, locale: str, shown: FieldAccess | None) -> Pen | None:
        world = self.forms.forms(self.session)
        context = context_for(self.session, reader)
        facts = facts_of(self.session, world, context)
        try:
            asks = SYSTEM if shown is not None else reader
            fact, form, rights = Reader().readable(self.session, self.forms, self.record, asks)
        except NotFound:
            return None
        compiled = self._document(form, words, parts)
        if compiled is None:
            return None
        facts.add([fact])
        access: Access = access_for(self.session, world, form, reader)
        fields = access.closed(shown) if shown is not None else rights.fields
        return Pen(compiled, facts.value(fact), context, locale, readable_by(access, fields))

    def _document(self, form: CompiledForm, words: str, parts: Parts) -> CompiledDocument | None:
        """The text as a document of one line; None where the form has changed so that it fits no more."""
        key = (words, *parts)
        if key not in self._compiled:
            document = DocumentDef("said", words, form.key, name=Phrase(words, {words: parts}))
            world = {key: each.definition for key, each in self.forms.forms(self.session).items()}
            try:
                self._compiled[key] = compile_document(document, world)
            except InvalidDefinition:
                self._compiled[key] = None
        return self._compiled[key]

    def _name(self, pen: Pen, reader: Actor) -> None:
        wanted, world = pen.wanted, self.forms.forms(self.session)
        found: Mapping[int, tuple[str, str | None]] = titles(self.session, world, wanted.record, reader)
        pen.names = Glossary(
            {each: (found[each][1] or "") if each in found else "" for each in wanted.record},
            people.names(self.session, [each for each in wanted.person if isinstance(each, int)]),
            people.department_names(self.session, wanted.department, pen.locale) if wanted.department else {},
            zone=time_zone(self.session),
        )


def read_parts(parts: list[tuple[bool, str]]) -> Parts:
    """(is a placeholder, text) → words and formulas; a placeholder that is no formula is left out."""
    found: list[str | Formula] = []
    for is_formula, text in parts:
        try:
            found.append(read_formula(text, "") if is_formula else text)
        except ConfigError:
            continue
    return tuple(found)
