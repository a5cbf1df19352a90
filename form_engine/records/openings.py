"""What a public link opens: a form, as far as its `guest` part lets somebody without an account fill it (ADR 102)."""

from dataclasses import dataclass
from typing import Final

from form_engine.definition import CompiledForm, CompiledGuest
from form_engine.fields.base import Json
from form_engine.records.forms import Forms

KIND: Final = "form"


@dataclass(frozen=True, slots=True)
class Subject:
    """What a link opens: a form, about one record (by the link field `about`) or about nothing in particular."""

    form: str
    about: str | None = None
    record: int | None = None

    @classmethod
    def parse(cls, text: str) -> "Subject | None":
        """`form:leave`, `form:leave:room:7`; None for the subjects of other links."""
        kind, *parts = text.split(":")
        if kind != KIND or len(parts) not in (1, 3):
            return None
        return cls(parts[0]) if len(parts) == 1 else cls(parts[0], parts[1], int(parts[2]))

    def __str__(self) -> str:
        return ":".join([KIND, self.form, *((self.about, str(self.record)) if self.about is not None else ())])


@dataclass(frozen=True)
class Opening:
    """A form as one link opens it."""

    forms: Forms
    form: CompiledForm
    guest: CompiledGuest
    subject: Subject

    @property
    def fields(self) -> tuple[str, ...]:
        """What the guest fills in here: never what the link brings."""
        brought = {self.subject.about, *self.guest.fixed(self.subject.about)}
        return tuple(key for key in self.guest.definition.fields if key not in brought)

    @property
    def bound(self) -> dict[str, Json]:
        """The link field that the link fills in."""
        about = self.subject.about
        return {about: self.subject.record} if about is not None else {}
