"""Whatever fails whenever, and however it is mended: a run ends or says that it is stuck, and its journal replays."""

from typing import Any

from formloom.errors import FormloomError
from hypothesis import given, settings
from hypothesis import strategies as st

from flow_engine.machine import Decided, Operated, TimerFired
from flow_engine.machine.effects import AskTruth, SetFields, Tell
from tests.flow_engine.flows import Shell
from tests.flow_engine.test_properties import FLOWS
from tests.flow_engine.voices import settled

PEOPLE = [f"person:{number}" for number in range(1, 7)]
ROLES = dict.fromkeys(("finance", "supervisor", "director"), PEOPLE) | {"admin": ["person:9"]}
MOST_STEPS = 60

failing = st.lists(st.booleans(), min_size=1, max_size=12)
moves = st.lists(
    st.tuples(st.integers(0, 5), st.sampled_from(["decide", "decide", "timer", "retry", "skip", "jump", "operate"])),
    max_size=15,
)


class Weather:
    """Which of the next parts fail, in turn; none once it has cleared up."""

    def __init__(self, pattern: list[bool]) -> None:
        self.pattern, self.turn = pattern, 0

    def __call__(self, part: Any) -> bool:
        if not isinstance(part, SetFields | Tell | AskTruth) or not self.pattern:
            return False
        self.turn += 1
        return self.pattern[self.turn % len(self.pattern)]

    def clear(self) -> None:
        self.pattern = []


@settings(max_examples=30, deadline=None)
@given(flow=st.sampled_from(FLOWS), pattern=failing, moves=moves)
def test_a_run_always_ends_or_is_reported(flow: Any, pattern: list[bool], moves: list[Any]) -> None:
    weather = Weather(pattern)
    run = Shell(flow, ROLES, truths=lambda *_: False, rows=["r1", "r2"], fails=weather).start("person:1")
    _holds(run)
    for index, what in moves:
        _move(run, index, what)
        _holds(run)
    weather.clear()
    for turn in range(MOST_STEPS):
        if run.state is None or run.state.ended:
            break
        _help(run, turn)
    _holds(run)
    assert run.state is not None
    assert run.state.ended or run.state.open, "it waits for somebody"


def _move(run: Shell, index: int, what: str) -> None:
    state = run.state
    if state is None or state.ended or not state.open:
        return
    visit = state.open[index % len(state.open)]
    asked = visit.asked[0] if visit.asked else "person:1"
    steps = [step.key for step in run.flow.walk()]
    events: dict[str, Any] = {
        "decide": Decided(visit.id, asked, _decision(visit.kind)),
        "timer": TimerFired(visit.id, 0),
        "retry": Decided(visit.id, asked, "retry"),
        "skip": Decided(visit.id, asked, "skip", comment="it must go on"),
        "jump": Operated("person:9", "jump", "elsewhere", step=steps[index % len(steps)]),
        "operate": Operated("person:77", "skip", "by hand", visit=visit.id),
    }
    before = run.state
    try:
        run.tell(events[what])
    except FormloomError:
        assert run.state == before


def _help(run: Shell, turn: int) -> None:
    """What people and time do when nothing fails any more."""
    state = run.state
    assert state is not None
    visit = state.open[turn % len(state.open)]
    if not visit.asked:
        run.tell(TimerFired(visit.id, 0))
        return
    try:
        run.tell(Decided(visit.id, visit.asked[0], _decision(visit.kind)))
    except FormloomError:
        run.tell(Operated("person:9", "cancel", "duties cannot be separated here"))


def _decision(kind: str) -> Any:
    known = {"incident": "retry", "stuck": "retry", "exception": "acknowledge", "resubmit": "resubmit"}
    return known.get(kind, "approve")


def _holds(run: Shell) -> None:
    state = run.state
    assert state is not None
    assert run.replayed() == state, "the journal gives the state"
    assert state.skips == ()
    settled(run)
    stuck = [visit for visit in state.open if visit.kind in ("stuck", "incident")]
    if not state.ended:
        assert (state.status == "stuck") == bool(stuck)
        assert state.open, "nothing waits for nothing"
    for visit in stuck:
        if visit.kind == "incident":
            assert visit.trouble is not None
            assert visit.asked == ("person:9",)
    held = [visit.trouble.held.id for visit in stuck if visit.trouble and visit.trouble.held]
    assert not {visit.id for visit in state.open} & set(held), "what is held is not open"
