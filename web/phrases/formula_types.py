"""What the types of the formula language are called. `formula_words` puts them into sentences."""

from collections.abc import Mapping
from typing import Final

from web.phrases.marking import N_

AMOUNT: Final = N_("an amount in %(currency)s")
LIST_OF: Final = N_("a list (%(item)s)")
SUGGESTION: Final = N_("Did you mean “%(word)s”?")

KINDS: Final[Mapping[str, str]] = {
    "number": N_("a number"),
    "numbers": N_("numbers"),
    "text": N_("a text"),
    "logical": N_("yes or no"),
    "date": N_("a date"),
    "moment": N_("a date or a time"),
    "instant": N_("a date or a time"),
    "datetime": N_("a date with a time"),
    "duration": N_("a length of time"),
    "person": N_("a person"),
    "location": N_("a place"),
    "record": N_("a record"),
    "list": N_("a list"),
    "blank": N_("nothing"),
    "any": N_("anything"),
    "orderables": N_("numbers, texts or dates"),
    "number, text, date": N_("a number, a text or a date"),
}
