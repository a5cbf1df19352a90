"""A document as frozen typed objects. Made once, by `parse_document`."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from form_engine.documents.blocks import Block, Use, walk
from form_engine.documents.blocks.base import uses_of
from form_engine.documents.phrase import Phrase
from form_engine.fields.base import Text
from form_engine.fields.expression import Formula


@dataclass(frozen=True, slots=True)
class Page:
    """Lengths in mm, as the page is held; margins are top, right, bottom, left."""

    width: float = 210
    height: float = 297
    margins: tuple[float, float, float, float] = (20, 18, 20, 18)
    header: Phrase | None = None
    footer: Phrase | None = None
    numbered: bool = False
    """`1 / 3` at the foot, on paper."""


@dataclass(frozen=True, slots=True)
class DocumentDef:
    """What a document says about records of `form`: blocks, or the stored file of a Word template (`docx`).

    `values` are names that a Word template may use besides the form's fields. `name`: how its files are called.
    """

    key: str
    title: Text
    form: str
    page: Page = field(default_factory=Page)
    blocks: tuple[Block, ...] = ()
    docx: str | None = None
    values: tuple[tuple[str, Formula], ...] = ()
    name: Phrase | None = None
    when: Formula | None = None
    """Of which records it is offered."""
    roles: frozenset[str] = frozenset()
    """Who is offered it; everybody who may read the record, if none is named."""

    @property
    def formats(self) -> tuple[str, ...]:
        """What can be made of it."""
        return ("docx",) if self.docx is not None else ("html", "pdf")

    def walk(self) -> Iterator[Block]:
        """Every block, in the order of the document."""
        return walk(self.blocks)

    def uses(self) -> Iterator[Use]:
        """Every formula, with where it stands and what it sees."""
        if self.when is not None:
            yield Use(self.when.at, self.when, gives=("logical",))
        yield from uses_of(self.name, self.page.header, self.page.footer)
        yield from (Use(formula.at, formula) for _, formula in self.values)
        for block in self.walk():
            if block.when is not None:
                yield Use(block.when.at, block.when, gives=("logical",))
            yield from block.uses()

    def files(self) -> tuple[tuple[str, str], ...]:
        """The stored files that the definition itself holds, with where it names them."""
        named = [("/docx", self.docx)] if self.docx is not None else []
        return (*named, *(each for block in self.walk() for each in block.files()))
