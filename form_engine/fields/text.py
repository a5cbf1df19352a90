"""Words: one line, or several with `multiline`. Stored in Unicode NFC without outer white space.

A `pattern` is an RE2 expression for the whole text: RE2 runs in linear time, so no pattern that an admin writes can
hang the server.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Final

import re2  # type: ignore[import-untyped]
from formloom.i18n import localized

from form_engine.fields.base import (
    NO_HINTS,
    NO_NAMES,
    WORDS,
    Cleaner,
    Coerced,
    CoerceHints,
    Coercer,
    ConfigError,
    ExportCell,
    FieldType,
    Finisher,
    Glossary,
    Refused,
    Slot,
    Suspects,
    Text,
    all_suspect,
    at_least,
    refuse,
)
from form_engine.fields.coercion import text_coercer
from form_engine.fields.schema import TEXT, Schema
from form_engine.formula import Type
from form_engine.formula.types import TEXT as TEXT_TYPE

LONGEST: Final = 100_000
INDEXABLE: Final = 250
"""Characters that a typed slot holds: a B-tree refuses entries past 2,700 bytes."""

_LENGTH: Final[Schema] = {"type": "integer", "minimum": 1, "maximum": LONGEST}
# Control characters other than tab and line feed, lone surrogates (JSON can carry them, UTF-8 and PostgreSQL can't),
# non-characters.
_UNFIT: Final = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]")
_WORDS: Final = frozenset({str})
_WORDS_AND_BLANKS: Final = frozenset({str, type(None)})
_NO_TEXT: Final = refuse("not_text")
_BREAKS: Final = re.compile("\r\n?|\u2028|\u2029")


@dataclass(frozen=True, slots=True)
class TextConfig:
    multiline: bool
    max_length: int
    min_length: int = 0
    pattern: str | None = None
    pattern_hint: Text | None = None


class TextField(FieldType[TextConfig]):
    name = "text"
    searched = True
    config_schema: ClassVar[Mapping[str, Any]] = {
        "multiline": {"type": "boolean"},
        "max_length": _LENGTH,
        "min_length": _LENGTH,
        "pattern": {"type": "string", "minLength": 1, "maxLength": 500},
        "pattern_hint": TEXT,
    }
    operators = WORDS
    slot = "text"

    def parse_config(self, raw: Mapping[str, Any]) -> TextConfig:
        multiline = raw.get("multiline", False)
        most, least = raw.get("max_length", 20_000 if multiline else INDEXABLE), raw.get("min_length", 0)
        if least > most:
            raise ConfigError("/min_length", "bounds_crossed")
        if "pattern" in raw:
            _compile(raw["pattern"])
        return TextConfig(multiline, most, least, raw.get("pattern"), raw.get("pattern_hint"))

    def cleaner(self, config: TextConfig) -> Cleaner:
        most, multiline = config.max_length, config.multiline
        fits = _compile(config.pattern) if config.pattern is not None else None
        too_long, bad_format = refuse("too_long", max=most), refuse("bad_format", hint=config.pattern_hint)

        def clean(raw: object) -> str | Refused | None:
            if type(raw) is not str:
                return _NO_TEXT
            text = raw.strip()
            if len(text) > LONGEST:  # before work that grows with the length
                return too_long
            if not (text.isprintable() and (text.isascii() or unicodedata.is_normalized("NFC", text))):
                text = unicodedata.normalize("NFC", _BREAKS.sub("\n", text))
                if _UNFIT.search(text):
                    return refuse("bad_character")
                if not multiline and "\n" in text:
                    return refuse("line_break")
            if len(text) > most:
                return too_long
            if not text:
                return None
            if fits is not None and not fits(text):
                return bad_format
            return text

        return clean

    def suspects(self, config: TextConfig) -> Suspects:
        most = config.max_length
        if config.pattern is not None:
            return all_suspect

        def suspects(values: list[Any]) -> Sequence[int]:
            kinds = set(map(type, values))
            if kinds != _WORDS and kinds != _WORDS_AND_BLANKS:
                return range(len(values))
            filled = values if kinds == _WORDS else [value for value in values if value is not None]
            joined = "".join(filled)
            # Every part of a printable text is printable, and of a normalised one normalised (UAX 15).
            clean = (
                list(map(str.strip, filled)) == filled
                and joined.isprintable()
                and (joined.isascii() or unicodedata.is_normalized("NFC", joined))
            )
            lengths = set(map(len, filled))
            if not clean or 0 in lengths:
                return range(len(values))
            if filled is values and max(lengths) <= most:
                return ()
            return [at for at, value in enumerate(values) if value is None or len(value) > most]

        return suspects

    def finisher(self, config: TextConfig) -> Finisher | None:
        return at_least(config.min_length, "too_short")

    def formula_type(self, config: TextConfig) -> Type:
        return TEXT_TYPE

    def to_value(self, stored: Any, config: TextConfig) -> str:
        return str(stored)

    def slot_of(self, config: TextConfig) -> Slot | None:
        return "text" if config.max_length <= INDEXABLE else None

    def export_cell(self, stored: Any, config: TextConfig, locale: str, names: Glossary = NO_NAMES) -> ExportCell:
        return ExportCell(stored, "@")

    def value_schema(self, config: TextConfig) -> Schema:
        return {"type": "string", "minLength": 1, "maxLength": config.max_length}

    def coercer(self, config: TextConfig, hints: CoerceHints = NO_HINTS) -> Coercer:
        return text_coercer if config.multiline else one_line

    def client_config(self, config: TextConfig, locale: str) -> dict[str, Any]:
        told = {"multiline": config.multiline, "max_length": config.max_length, "min_length": config.min_length}
        hint = {"hint": localized(config.pattern_hint, locale)} if config.pattern_hint else {}
        return {**told, **hint}


def one_line(raw: object) -> Coerced | Refused:
    """Text of one line: a cell's line breaks are how its owner made it fit."""
    read = text_coercer(raw)
    if isinstance(read, Refused) or read.value is None:
        return read
    return Coerced(re.sub(r"\s*[\r\n\u2028\u2029]+\s*", " ", read.value), read.notes)


def _compile(pattern: str) -> Callable[[str], object]:
    """RE2's full match, quiet about bad patterns, with bounded memory."""
    options = re2.Options()
    options.log_errors = False
    options.max_mem = 1 << 20
    try:
        fullmatch: Callable[[str], object] = re2.compile(pattern, options=options).fullmatch
    except re2.error:
        raise ConfigError("/pattern", "bad_pattern") from None
    return fullmatch
