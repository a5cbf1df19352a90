"""What time brings: others are asked where nobody has answered, somebody hears that a clock has come so far."""

from formloom.frozen import replace

from flow_engine.elements.due import Transfer
from flow_engine.elements.who import Who
from flow_engine.machine.effects import Copy, Tell
from flow_engine.machine.program import Behaviour
from flow_engine.machine.seats import Seat, Seats, settled
from flow_engine.machine.state import Visit
from flow_engine.machine.walk import Walk


def named(visit: int, action: int) -> str:
    """How an entry says which visit and which of its due actions it is about."""
    return f"{visit}:{action}"


def transfer_of(walk: Walk, of: Behaviour, because: str) -> tuple[Visit | None, tuple[Who, ...]]:
    """The visit, if it is still open, and who is to be asked in it."""
    visit, action = (int(part) for part in because.split(":"))
    due = of.due_actions()
    wanted = due.then[action].do if due is not None else None
    return walk.state.visit(visit), wanted.to if isinstance(wanted, Transfer) else ()


def hand_over(walk: Walk, of: Behaviour, visit: Visit, refs: tuple[str, ...]) -> None:
    """Whoever has not spoken is asked no more, the others keep what they said. Without anybody new it stays as it
    is."""
    sitting = {seat.ref for seat in visit.seats if seat.state != "off"}
    fresh = tuple(ref for ref in dict.fromkeys(refs) if ref not in sitting)
    if fresh:
        walk.reseat(visit, _handed(visit.seats, fresh), due=of.due_actions())


def _handed(seats: Seats, refs: tuple[str, ...]) -> Seats:
    """Each seat that is asked goes to the next of them; seats that are left over fall away, people get further ones."""
    left, after = list(refs), []
    for seat in seats:
        if seat.state != "asked":
            after.append(seat)
        elif left:
            after.append(Seat(left.pop(0)))  # nobody's proxy, and with no other's weight
        else:
            after.append(replace(seat, state="off"))
    return settled((*after, *(Seat(ref) for ref in left)))


def reached(walk: Walk, key: str, nth: int) -> None:
    """A clock has come to a threshold: do what the flow says."""
    clock = walk.program.clock(key)
    if clock is None or nth >= len(clock.at):
        return
    threshold = clock.at[nth]
    here = next((visit.step for visit in walk.state.open), walk.program.first or "")
    match threshold.do:
        case "remind":
            asked = tuple(dict.fromkeys(ref for visit in walk.state.open for ref in visit.asked))
            walk.do(Tell("reminder", here, refs=asked, text=threshold.text))
        case "escalate":
            walk.do(Copy(here, threshold.to, because="escalated"))
        case "notify":
            walk.do(Tell("notice", here, threshold.to, text=threshold.text))
