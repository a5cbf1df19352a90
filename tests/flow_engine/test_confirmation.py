"""The whole table of a three-level confirmation, from its rule book's vectors and line by line."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path

import pytest
from formloom.errors import Conflict

from flow_engine.definition import parse_flow
from flow_engine.elements.due import Length, Part
from flow_engine.machine import Decided
from flow_engine.machine.effects import OpenTasks, SetTimer
from flow_engine.machine.events import Decision
from tests.flow_engine.flows import CONFIRMATION, Shell

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "confirmation.json").read_text("utf-8"))["examples"]
BY_ID = {example["id"]: example for example in VECTORS}
LETTERS = {"c": "customer", "f": "finance", "s": "supervisor"}
WORDS: dict[str, Decision] = {"confirm": "approve", "approve": "approve", "+": "approve", "-": "reject"}
# u2 holds both roles, as EX64 supposes; u1 is a guest; `agent` starts every run.
ROLES = {"finance": ["person:2"], "supervisor": ["person:3", "person:2"], "admin": ["person:9"]}


@dataclass
class Confirmation:
    """A payment on its way, and the log that the vectors write."""

    shell: Shell = field(default_factory=lambda: Shell(parse_flow(CONFIRMATION), ROLES).start())
    log: list[str] = field(default_factory=list)

    @property
    def status(self) -> str:
        """The record's own status."""
        return str(self.shell.record.get("status", "pending_customer"))

    def act(self, step: str, decision: Decision, who: int | None = None) -> None:
        """One move of a vector; what is refused is logged as the vectors do."""
        if step not in self.shell.at():
            self.log.append(f"DENIED {step}.{decision} in {self.status}")
            return
        visit = self.shell.visit(step)
        by = f"person:{who}" if who is not None else visit.asked[0]
        reason = "amount" if (step, decision) == ("finance", "reject") else None
        try:
            self.shell.tell(Decided(visit.id, by, decision, reason))
        except Conflict as refused:
            if refused.code != "same_person":
                raise
            self.log.append("DENIED same person as finance reviewer")
            return
        self.log.append(self.status)


def moves(example: dict[str, object]) -> Iterator[tuple[str, Decision, int | None]]:
    """A vector's input: triples of words, or letters such as `f-` and `s+(u2)`."""
    given = example["input"]
    if isinstance(given, list):
        for step, who, word in given:
            yield step, WORDS[word], None if step == "customer" else int(who[1:])
        return
    for move in str(given).split():
        yield LETTERS[move[0]], WORDS[move[1]], int(move[4:-1]) if "(" in move else None


@pytest.mark.parametrize("name", ["EX62", "EX63", "EX64"])
def test_vector(name: str) -> None:
    example = BY_ID[name]
    payment = Confirmation()
    for step, decision, who in moves(example):
        payment.act(step, decision, who)
    assert payment.log == example["expected"]["log"]
    assert payment.status == example["expected"]["final"]
    # What reduces the outstanding amount is the status `confirmed` alone.
    assert (payment.status == "confirmed") is example["expected"]["outstanding_reduced"]
    assert payment.shell.replayed() == payment.shell.state


def test_no_level_may_be_skipped() -> None:
    payment = Confirmation()
    for step in ("finance", "supervisor"):
        payment.act(step, "approve")
    assert payment.log == [f"DENIED {step}.approve in pending_customer" for step in ("finance", "supervisor")]


def test_the_customer_disputes_and_the_owner_fixes_or_voids() -> None:
    payment = Confirmation()
    payment.act("customer", "reject")
    assert payment.log == ["disputed"]
    visit = payment.shell.visit("customer", "resubmit")
    assert visit.asked == ("person:1",)
    payment.shell.tell(Decided(visit.id, "person:1", "resubmit"))
    assert (payment.status, payment.shell.at()) == ("pending_customer", ["customer"])


def test_finance_sends_it_back_to_the_customer_with_a_new_link() -> None:
    payment = Confirmation()
    first = payment.shell.visit("customer").asked
    payment.act("customer", "approve")
    payment.act("finance", "reject")
    assert payment.shell.at() == ["customer"]
    assert payment.shell.visit("customer").asked != first


def test_the_second_rejection_of_the_supervisor_raises_an_exception() -> None:
    payment = Confirmation()
    payment.act("customer", "approve")
    for times in (1, 2):
        payment.act("finance", "approve", 2)
        payment.act("supervisor", "reject", 3)
        kinds = [effect.kind for effect in payment.shell.effects if isinstance(effect, OpenTasks)]
        assert kinds.count("exception") == times - 1
    assert payment.status == "pending_finance"


def test_deadlines_are_72_hours_and_one_day() -> None:
    payment = Confirmation()
    payment.act("customer", "approve")
    opened = {effect.step: effect.due for effect in payment.shell.effects if isinstance(effect, OpenTasks)}
    assert opened == {"customer": Length("PT72H"), "finance": Length("P1D")}
    timers = [effect.after for effect in payment.shell.effects if isinstance(effect, SetTimer)]
    assert timers[-1] == Part(Length("P1D"), Decimal("0.8"))
