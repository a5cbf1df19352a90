"""The three-level confirmation of the leasing preset (LEASING §6), played through the services on a real database."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from threading import Barrier
from typing import Any

import pytest
from formloom.db.uow import unit_of_work
from formloom.errors import Conflict, FormloomError, IllegalTransition, InvalidInput, NotFound

from form_engine.records.actor import SYSTEM, Actor
from tests.apps.conftest import House
from tests.apps.office import GUEST, Office

ZERO = Decimal(0)
STRANGER = Actor.person(999_999, frozenset({"agent"}))


@pytest.fixture
def office(house: House, workspace: int) -> Iterator[Office]:
    """The office, every journal of which must replay in the end."""
    office = Office.open(house, workspace)
    yield office
    assert office.journals_replay()


def at_finance(office: Office, bill: str = "bill12", amount: str = "1000.00") -> int:
    payment = office.pay(bill, amount)
    office.decide(payment, GUEST, "approve")
    return payment


def at_supervisor(office: Office, bill: str = "bill12", amount: str = "1000.00") -> int:
    payment = at_finance(office, bill, amount)
    office.allocate(payment, "finance1", **{bill: amount})
    return payment


def test_the_figures_of_the_bill_are_right_at_every_stage(office: Office) -> None:
    whole = Decimal(1000)
    assert office.figures("bill12") == ("open", ZERO, ZERO, whole)
    payment = office.pay("bill12", "1000.00")
    assert office.status(payment) == "pending_customer"
    assert office.waiting(payment) == {GUEST}
    assert office.figures("bill12") == ("open", ZERO, whole, whole)
    office.decide(payment, GUEST, "approve")
    assert office.status(payment) == "pending_finance"
    assert office.waiting(payment) == {"finance1", "finance2"}
    assert office.figures("bill12") == ("open", ZERO, whole, whole)
    office.allocate(payment, "finance1", bill12="1000.00")
    assert office.status(payment) == "pending_supervisor"
    assert office.waiting(payment) == {"supervisor"}
    assert office.figures("bill12") == ("open", ZERO, whole, whole)
    office.decide(payment, "supervisor", "approve")
    assert office.status(payment) == "confirmed"
    assert office.waiting(payment) == set()
    assert office.figures("bill12") == ("paid", whole, ZERO, ZERO)


def test_a_partial_payment_leaves_the_bill_partly_paid_and_a_second_one_pays_it(office: Office) -> None:
    first = at_supervisor(office, amount="327.50")
    office.decide(first, "supervisor", "approve")
    assert office.figures("bill12") == ("partial", Decimal("327.50"), ZERO, Decimal("672.50"))
    second = at_supervisor(office, amount="672.50")
    assert office.figures("bill12") == ("partial", Decimal("327.50"), Decimal("672.50"), Decimal("672.50"))
    office.decide(second, "supervisor", "approve")
    assert office.figures("bill12") == ("paid", Decimal(1000), ZERO, ZERO)


def test_one_payment_may_pay_several_bills_and_the_rest_is_credit(office: Office) -> None:
    payment = at_finance(office, "bill10", "850.00")
    assert office.figures("bill10")[2] == Decimal(850)
    office.allocate(payment, "finance2", bill10="400.00", bill11="400.00")
    assert office.figures("bill10") == ("open", ZERO, Decimal(400), Decimal(400))
    assert office.figures("bill11") == ("open", ZERO, Decimal(400), Decimal(400))
    office.decide(payment, "supervisor", "approve")
    assert office.figures("bill10") == ("paid", Decimal(400), ZERO, ZERO)
    assert office.figures("bill11") == ("paid", Decimal(400), ZERO, ZERO)
    contract = office.seen(office.ids["contract"], "admin")
    assert (Decimal(contract["received"]), Decimal(contract["credit"])) == (Decimal(800), Decimal(50))


def test_the_customer_disputes_and_the_agent_corrects(office: Office) -> None:
    payment = office.pay("bill12", "1300.00")
    with pytest.raises(InvalidInput):
        office.decide(payment, GUEST, "reject")
    office.decide(payment, GUEST, "reject", comment="金额是一千元")
    assert office.status(payment) == "disputed"
    assert office.waiting(payment) == {"agent"}
    assert office.figures("bill12") == ("open", ZERO, ZERO, Decimal(1000))
    office.decide(payment, "agent", "resubmit", changes={"amount": "1000.00"})
    assert office.status(payment) == "pending_customer"
    assert office.waiting(payment) == {GUEST}
    assert office.figures("bill12") == ("open", ZERO, Decimal(1000), Decimal(1000))


def test_the_customer_disputes_and_the_agent_voids(office: Office) -> None:
    payment = office.pay("bill12", "1000.00")
    office.decide(payment, GUEST, "reject", comment="没有付过")
    office.decide(payment, "agent", "withdraw")
    assert office.status(payment) == "void"
    assert office.waiting(payment) == set()
    assert office.figures("bill12") == ("open", ZERO, ZERO, Decimal(1000))


def test_finance_sends_it_back_to_the_customer_and_says_why(office: Office) -> None:
    payment = at_finance(office)
    with pytest.raises(InvalidInput) as caught:
        office.decide(payment, "finance1", "reject")
    assert [issue.pointer for issue in caught.value.issues] == ["/reason"]
    office.decide(payment, "finance1", "reject", reason="not_received")
    assert office.status(payment) == "pending_customer"
    assert office.waiting(payment) == {GUEST}
    office.decide(payment, GUEST, "approve")
    assert office.waiting(payment) == {"finance1", "finance2"}


def test_the_supervisor_sends_it_back_to_finance_and_the_second_time_is_an_exception(office: Office) -> None:
    payment = at_supervisor(office)
    office.decide(payment, "supervisor", "reject", comment="日期不符")
    assert office.status(payment) == "pending_finance"
    assert office.waiting(payment) == {"finance1", "finance2"}
    assert office.figures("bill12") == ("open", ZERO, Decimal(1000), Decimal(1000))
    assert len(office.seen(payment, "finance1")["lines"]) == 1, "the match is kept"
    office.decide(payment, "finance2", "approve")
    assert office.waiting(payment) == {"supervisor"}
    office.decide(payment, "supervisor", "reject", comment="仍然不符")
    assert office.waiting(payment) == {"finance1", "finance2", "admin"}
    office.decide(payment, "admin", "acknowledge")
    office.decide(payment, "finance1", "approve")
    office.decide(payment, "supervisor", "approve")
    assert office.status(payment) == "confirmed"


def test_a_rejection_by_each_level_goes_one_level_back_and_frees_the_match(office: Office) -> None:
    """EX63: customer, finance, then back from the supervisor and from finance, and the customer again."""
    payment = at_supervisor(office)
    office.decide(payment, "supervisor", "reject", comment="付款人不符")
    assert office.status(payment) == "pending_finance"
    office.decide(payment, "finance1", "reject", reason="payer")
    assert office.status(payment) == "pending_customer"
    office.decide(payment, GUEST, "approve")
    assert office.status(payment) == "pending_finance"
    assert "lines" not in office.seen(payment, "finance1")
    assert office.figures("bill12") == ("open", ZERO, Decimal(1000), Decimal(1000))


def test_after_the_supervisor_finance_may_allocate_anew(office: Office) -> None:
    payment = at_supervisor(office)
    office.decide(payment, "supervisor", "reject", comment="先核销上月")
    office.allocate(payment, "finance1", bill11="400.00", bill12="600.00")
    assert office.figures("bill11") == ("open", ZERO, Decimal(400), Decimal(400))
    assert office.figures("bill12") == ("open", ZERO, Decimal(600), Decimal(1000))


def test_nothing_is_passed_on_without_an_allocation(office: Office) -> None:
    payment = at_finance(office)
    with pytest.raises(InvalidInput) as caught:
        office.decide(payment, "finance1", "approve")
    assert [issue.pointer for issue in caught.value.issues] == ["/changes/lines"]
    assert office.status(payment) == "pending_finance"


@pytest.mark.parametrize(
    ("what", "lines"),
    [
        ("more than the bill", [("bill12", "1000.01")]),
        ("more than was received", [("bill12", "1000.00"), ("bill11", "0.01")]),
        ("nothing", [("bill12", "0.00")]),
        ("a bill twice", [("bill12", "500.00"), ("bill12", "500.00")]),
        ("less than nothing", [("bill12", "-1.00")]),
    ],
)
def test_an_allocation_that_cannot_be_is_refused(office: Office, what: str, lines: list[tuple[str, str]]) -> None:
    payment = at_finance(office)
    rows = [{"bill": office.ids[bill], "applied": applied} for bill, applied in lines]
    with pytest.raises(InvalidInput):
        office.decide(payment, "finance1", "approve", changes={"lines": rows})
    assert office.status(payment) == "pending_finance", what
    assert office.figures("bill12") == ("open", ZERO, Decimal(1000), Decimal(1000))


def test_finance_may_not_change_the_amount(office: Office) -> None:
    payment = at_finance(office)
    lines = [{"bill": office.ids["bill12"], "applied": "900.00"}]
    with pytest.raises(InvalidInput):
        office.decide(payment, "finance1", "approve", changes={"amount": "900.00", "lines": lines})
    assert office.status(payment) == "pending_finance"


def test_a_second_payment_for_the_same_bill_gets_what_the_first_has_left(office: Office) -> None:
    first, second = at_finance(office, amount="700.00"), at_finance(office, amount="700.00")
    assert office.figures("bill12")[2] == Decimal(1400), "both are announced, neither blocks the other"
    office.allocate(first, "finance1", bill12="700.00")
    with pytest.raises(InvalidInput):
        office.allocate(second, "finance1", bill12="700.00")
    office.allocate(second, "finance1", bill12="300.00")
    assert office.figures("bill12") == ("open", ZERO, Decimal(1000), Decimal(1000))


def test_two_allocations_at_the_same_moment_never_exceed_the_bill(office: Office) -> None:
    payments = [at_finance(office, amount="700.00") for _ in range(4)]
    ready = Barrier(len(payments))

    def allocate(payment: int) -> bool:
        ready.wait()
        try:
            office.allocate(payment, "finance1", bill12="700.00")
        except (InvalidInput, Conflict):
            return False
        return True

    with ThreadPoolExecutor(len(payments)) as pool:
        passed = list(pool.map(allocate, payments))
    assert sum(passed) == 1
    announced = 3 * Decimal(700)
    assert office.figures("bill12") == ("open", ZERO, Decimal(700) + announced, Decimal(1000))


def test_creator_finance_and_supervisor_are_different_people(office: Office) -> None:
    """EX64: no level may be skipped, and finance's reviewer does not approve their own review."""
    payment = at_finance(office)
    finance = office.people["finance1"]
    office.allocate(payment, "finance1", bill12="1000.00")
    task, _ = office.task(payment, "supervisor")
    with pytest.raises(FormloomError):
        office.house.flows.decide(office.workspace, task.id, finance, "approve")
    assert office.status(payment) == "pending_supervisor"


def test_no_level_may_be_skipped(office: Office) -> None:
    payment = office.pay("bill12", "1000.00")
    assert office.waiting(payment) == {GUEST}
    task, _ = office.task(payment, GUEST)
    for name in ("agent", "finance1", "supervisor", "admin"):
        with pytest.raises((NotFound, Conflict, IllegalTransition)):
            office.house.flows.decide(office.workspace, task.id, office.people[name], "approve")
    assert office.status(payment) == "pending_customer"


def test_a_locked_bill_cannot_be_paid(office: Office) -> None:
    locked = {"contract": office.ids["contract"], "due": "2025-12-01", "amount": "100.00", "locked": True}
    office.add("bill13", "bill", bill_no="ZD-13", **locked)
    assert office.figures("bill13")[0] == "locked"
    with pytest.raises(InvalidInput) as caught:
        office.pay("bill13", "100.00")
    assert {issue.pointer for issue in caught.value.issues} == {"/bill"}
    payment = at_finance(office, amount="100.00")
    with pytest.raises(InvalidInput):
        office.allocate(payment, "finance1", bill13="100.00")


def test_a_reversal_needs_its_reason_and_the_figures_follow(office: Office) -> None:
    payment = at_supervisor(office)
    office.decide(payment, "supervisor", "approve")
    office.work_off()
    with pytest.raises(InvalidInput):
        office.press("payment_reversal", payment, "supervisor", {})
    with pytest.raises(FormloomError):
        office.press("payment_reversal", payment, "finance1", {"reversal_reason": "不是我"})
    office.press("payment_reversal", payment, "supervisor", {"reversal_reason": "银行退票"})
    assert office.status(payment) == "reversed"
    assert office.figures("bill12") == ("open", ZERO, ZERO, Decimal(1000))
    again = at_supervisor(office)
    office.decide(again, "supervisor", "approve")
    assert office.figures("bill12") == ("paid", Decimal(1000), ZERO, ZERO)


def test_the_receipt_is_issued_once_and_stands_in_the_payment(office: Office) -> None:
    payment = at_supervisor(office)
    office.decide(payment, "supervisor", "approve")
    assert office.seen(payment, "finance1").get("receipt_file") is None
    assert office.work_off() == 1
    assert office.work_off() == 0
    (ident,) = office.seen(payment, "finance1")["receipt_file"]
    with unit_of_work(office.house.databases, office.workspace) as session:
        row, stream = office.house.files.open(session, ident)
        with stream:
            assert stream.read(5) == b"%PDF-"
        assert (row.media_type, row.created_by) == ("application/pdf", "flow:payment_confirmation")
        assert row.name.startswith("收据 SK-")
        seen = office.house.records.view(session, office.house.forms, payment, SYSTEM)
        last = office.house.records.history(session, seen)[-1]
        assert (last.actor, list(last.changes)) == ("flow:payment_confirmation", ["receipt_file"])
        for who, may in ((office.people["finance1"], True), (office.people["agent"], True), (STRANGER, False)):
            assert office.house.records.may_read_file(session, office.house.forms, who, ident) is may
    office.press("payment_reversal", payment, "supervisor", {"reversal_reason": "退票"})  # the record is free again


SPOILT: list[tuple[str, Callable[[Office], dict[str, Any]]]] = [
    ("/amount", lambda office: {"amount": "0.00"}),
    ("/slip", lambda office: {"slip": []}),
    ("/value_date", lambda office: {"value_date": "2099-01-01"}),
    ("/status", lambda office: {"status": "confirmed"}),
    ("/lines", lambda office: {"lines": [{"bill": office.ids["bill12"], "applied": "1.00"}]}),
    ("/surplus", lambda office: {"surplus": "0.00"}),
    ("/bill", lambda office: {"bill": office.ids["contract"]}),
]


@pytest.mark.parametrize(("pointer", "more"), SPOILT, ids=[pointer for pointer, _ in SPOILT])
def test_a_payment_that_cannot_be_recorded(
    office: Office, pointer: str, more: Callable[[Office], dict[str, Any]]
) -> None:
    office.pay("bill12", "1000.00")  # so that there is a journal to replay
    with pytest.raises(InvalidInput) as caught:
        office.pay("bill12", "1000.00", **more(office))
    pointers = [issue.pointer for issue in caught.value.issues]
    assert pointers
    assert all(each.startswith(pointer) for each in pointers), pointers


def test_from_a_bill_the_rest_of_the_payment_is_proposed(office: Office) -> None:
    house = office.house
    office.decide(at_supervisor(office, amount="300.00"), "supervisor", "approve")
    with unit_of_work(house.databases, office.workspace) as session:
        values = {"bill": office.ids["bill12"], "channel": "bank"}
        draft = house.records.create(session, house.forms, "payment", values, office.people["agent"], draft=True)
    assert draft.data["contract"] == office.ids["contract"]
    assert (draft.data["amount"], draft.data["payer"]) == ("700.00", "孔思")


def test_each_sees_what_their_work_needs(office: Office) -> None:
    payment = office.pay("bill12", "1000.00")
    assert office.seen(office.ids["customer"], "agent")["phone"] == "19900002494"
    assert "phone" not in office.seen(office.ids["customer"], "finance1")
    assert office.seen(payment, "finance1")["amount"] == "1000.00"
    assert office.seen(payment, "agent")["customer_name"] == "孔思"


def test_the_customer_sees_this_payment_and_nothing_of_the_house(office: Office) -> None:
    payment = office.pay("bill12", "1000.00", bank_serial="BJ000208", note="内部备注")
    task, guest = office.task(payment, GUEST)
    house = office.house
    with unit_of_work(house.databases, office.workspace) as session:
        asked = house.flows.task(session, task.id, guest)
        form = house.forms.live(session, "payment")
        shown = {path for path, _ in form.walk() if asked.fields.may_read(path)}
        with pytest.raises(NotFound):
            house.records.view(session, house.forms, payment, guest)
    bill = {"contract", "bill", "bill_from", "bill_to", "bill_due", "bill_amount"}
    assert shown == bill | {"amount", "channel", "value_date", "payer", "slip"}
    assert asked.decisions == ("approve", "reject")


def test_a_field_that_the_admin_requires_is_asked_of_new_payments_and_running_ones_go_on(office: Office) -> None:
    running = at_finance(office, amount="400.00")
    house = office.house
    with unit_of_work(house.databases, office.workspace) as session:
        draft = house.forms.draft(session, "payment")
        field = {"key": "account", "type": "text", "label": {"zh-CN": "付款账号", "en": "Account"}, "required": True}
        layout = [{"section": {"zh-CN": "新字段", "en": "New"}, "items": ["account"]}]
        body = {**draft.definition, "fields": [*draft.definition["fields"], field]}
        body["layout"] = [*draft.definition["layout"], *layout]
        house.forms.save_draft(session, "payment", body, SYSTEM, revision=draft.revision)
        house.forms.publish(session, "payment", SYSTEM)
    office.allocate(running, "finance1", bill12="400.00")
    office.decide(running, "supervisor", "approve")
    assert office.status(running) == "confirmed"
    with pytest.raises(InvalidInput) as caught:
        office.pay("bill12", "600.00")
    assert [issue.pointer for issue in caught.value.issues] == ["/account"]
    assert office.status(office.pay("bill12", "600.00", account="6200****7405")) == "pending_customer"
