"""From the tree of a flow to BPMN's graph.

What walks at the same time becomes a sub-process, so that a return or a rejection from inside ends all of it, as the
machine does: it leaves by an error event whose boundary event leads on.
"""

from collections.abc import Mapping

from flow_engine.bpmn.block import Block, stacked
from flow_engine.bpmn.board import Board, Level
from flow_engine.bpmn.graph import EVENT, GATEWAY, Many, Node, Trigger
from flow_engine.bpmn.words import described, owners
from flow_engine.definition import FlowDef
from flow_engine.elements.due import Length
from flow_engine.elements.outcome import INITIATOR, Outcome
from flow_engine.elements.value import Formula
from flow_engine.steps import Step
from flow_engine.steps.approve import Approve
from flow_engine.steps.branch import Branch
from flow_engine.steps.call import Call
from flow_engine.steps.cc import Cc
from flow_engine.steps.each import Each
from flow_engine.steps.fill import Fill
from flow_engine.steps.inclusive import Inclusive
from flow_engine.steps.loop import Loop
from flow_engine.steps.notify import Notify
from flow_engine.steps.parallel import Parallel
from flow_engine.steps.stop import Stop
from flow_engine.steps.wait import Wait


class Drawing(Board):
    """Draws one flow. `root` holds the picture afterwards, `messages` the events that are waited for."""

    def __init__(self, flow: FlowDef, locale: str) -> None:
        super().__init__(flow, locale)
        self.messages: dict[str, None] = {}
        block = self._whole(flow.steps, "start", "end", self._text(flow.title))
        block.shift(60, 60 + block.above)
        self.root = self._levels[0].scope

    # -- lists --------------------------------------------------------------------------------------------------------

    def _whole(self, steps: tuple[Step, ...], start: str, end: str, name: str = "") -> Block:
        """A scope from its start event to its end event."""
        block = self._put(Node(start, "startEvent", name, EVENT))
        return self._chain(block, [self._step(step) for step in steps] + [self._put(Node(end, "endEvent", "", EVENT))])

    # -- steps --------------------------------------------------------------------------------------------------------

    def _step(self, step: Step) -> Block:
        match step:
            case Approve():
                return self._approve(step)
            case Branch():
                return self._branch(step)
            case Parallel() | Inclusive():
                return self._split(step)
            case Loop():
                return self._each(step) if step.until is None else self._until(step)
            case Each():
                return self._each(step)
            case Wait():
                return self._put(self._waiting(step))
            case Call():
                return self._call(step)
            case Stop():
                return self._end(f"step_{step.key}", self._text(step.title))
        tags = {Fill: "userTask", Notify: "sendTask", Cc: "sendTask"}
        return self._put(self._task(step, tags.get(type(step), "serviceTask")))

    def _task(self, step: Step, tag: str) -> Node:
        node = Node(f"step_{step.key}", tag, self._text(step.title), documentation=described(step))
        if isinstance(step, Approve | Fill):
            node.owners = owners(step.by)
        return node

    def _approve(self, step: Approve) -> Block:
        task = self._task(step, "userTask")
        if step.mode != "any":
            until = "" if not isinstance(step.mode, str) else f'decision_{step.key} <> "approve"'
            task.many = Many(f"people_{step.key}", f"person_{step.key}", step.mode == "sequence", until)
        block = self._put(task)
        ways: list[tuple[str, Outcome]] = [("reject", step.on_reject), *(("return", each) for each in step.returns)]
        asked = Node(f"decided_{step.key}", "exclusiveGateway", "", GATEWAY)
        self._chain(block, [self._put(asked)])
        at = block.width - GATEWAY[0]
        for number, (decision, outcome) in enumerate(ways):
            condition = f'decision_{step.key} = "{decision}"'
            if decision == "return" and len(step.returns) > 1:
                condition += f' AND to_{step.key} = "{outcome.return_to}"'
            target, hung = self._target(step, decision, outcome, number)
            name = self._text(outcome.label) or decision
            self._edge(asked.id, target, name=name, condition=condition)
            if hung is not None:
                block.hang(hung, at + GATEWAY[0])
        return block

    def _target(self, step: Step, decision: str, outcome: Outcome, number: int) -> tuple[str, Block | None]:
        """Where a rejection or a return leads, and what must be drawn for it."""
        if outcome.return_to is None:
            hung = self._end(f"rejected_{step.key}", decision)
            return hung.first, hung
        target = self._flow.return_to(step.key, outcome.return_to)
        if target == INITIATOR:
            return self._again(step, f"{step.key}_{number}", straight=outcome.straight)
        return self._to_step(target, f"{step.key}_{number}")

    def _branch(self, step: Branch) -> Block:
        fork, merge = (
            Node(f"step_{step.key}", "exclusiveGateway", self._text(step.title), GATEWAY),
            f"joined_{step.key}",
        )
        block, rows = self._put(fork), []
        default = next((number for number, case in enumerate(step.cases) if case.when is None), None)
        for number, case in enumerate(step.cases):
            row = self._row(case.steps)
            how: dict[str, str | bool] = {"name": self._text(case.title)}
            how |= {"condition": case.when.text} if case.when else {"default": number == default}
            self._edge(fork.id, row.first if row else merge, **how)
            rows += [row] if row else []
        if default is None:
            self._edge(fork.id, merge, default=True)
        return self._joined(block, rows, self._put(Node(merge, "exclusiveGateway", "", GATEWAY)))

    def _row(self, steps: tuple[Step, ...]) -> Block | None:
        blocks = [self._step(step) for step in steps]
        return self._chain(blocks[0], blocks[1:]) if blocks else None

    def _joined(self, block: Block, rows: list[Block], merge: Block) -> Block:
        """A gateway, rows one above the other, and the gateway behind them; the line is free where an edge leads
        straight from one to the other."""
        free = any(edge.target == merge.first for edge in self._levels[-1].scope.edges)
        for row in rows:
            if row.last is not None:
                self._edge(row.last, merge.first, default=row.last.startswith("decided_"))
        if rows:
            block.append(stacked(rows, free=free))
        block.append(merge)
        return block

    # -- what walks at the same time, or again ------------------------------------------------------------------------

    def _split(self, step: Parallel | Inclusive) -> Block:
        self._levels.append(Level(step.key))
        inner = self._put(Node(f"in_{step.key}", "startEvent", "", EVENT))
        tag = "inclusiveGateway" if isinstance(step, Inclusive) else "parallelGateway"
        fork = self._put(Node(f"fork_{step.key}", tag, "", GATEWAY))
        inner = self._chain(inner, [fork])
        rows = self._cases(step) if isinstance(step, Inclusive) else self._ways(step)
        joined, out = self._through(step, tag)
        inner = self._joined(inner, rows, self._put(joined))
        inner = self._chain(inner, [self._put(Node(f"out_{step.key}", "endEvent", "", EVENT, event=out))])
        return self._boxed(step, inner)

    def _through(
        self, step: Parallel | Inclusive, tag: str
    ) -> tuple[Node, "tuple[str, Mapping[str, str], str, str] | None"]:
        """How many must be through, and what then becomes of the others."""
        joined = f"joined_{step.key}"
        if isinstance(step, Inclusive) or step.needed == len(step.branches):
            return Node(joined, tag, "", GATEWAY), None
        ends: Trigger | None = None if step.others_go_on else ("terminateEventDefinition", {}, "", "")
        if step.needed == 1 and not step.others_go_on:
            return Node(joined, "exclusiveGateway", "", GATEWAY), ends
        gateway = Node(joined, "complexGateway", str(step.needed), GATEWAY)
        gateway.documentation = f"Goes on when {step.needed} of {len(step.branches)} are through."
        return gateway, ends

    def _ways(self, step: Parallel) -> list[Block]:
        rows = [self._row(way.steps) for way in step.branches]
        for way, row in zip(step.branches, rows, strict=True):
            if row is not None:
                self._edge(f"fork_{step.key}", row.first, name=self._text(way.title))
        return [row for row in rows if row is not None]

    def _cases(self, step: Inclusive) -> list[Block]:
        rows = []
        for case in step.cases:
            row = self._row(case.steps)
            how: dict[str, str | bool] = {"name": self._text(case.title)}
            how |= {"condition": case.when.text} if case.when else {"default": True}
            self._edge(f"fork_{step.key}", row.first if row else f"joined_{step.key}", **how)
            rows += [row] if row else []
        if all(case.when is not None for case in step.cases):
            self._edge(f"fork_{step.key}", f"joined_{step.key}", default=True)
        return rows

    def _each(self, step: Loop | Each) -> Block:
        self._levels.append(Level(step.key))
        inner = self._whole(step.lists[0], f"in_{step.key}", f"out_{step.key}")
        block = self._boxed(step, inner)
        box = self._levels[-1].scope.node(f"step_{step.key}")
        box.many = Many(f"rows_{step.key}", f"row_{step.key}", isinstance(step, Each) or not step.at_once)
        return block

    def _call(self, step: Call) -> Block:
        """The call, and what follows each way in which it can end."""
        node = self._task(step, "callActivity")
        node.attributes = {"calledElement": f"process_{step.flow}"}
        if step.each is not None:
            node.many = Many(f"records_{step.key}", f"record_{step.key}", one_by_one=False)
        block = self._put(node)
        if not step.on:
            return block
        ended = Node(f"ended_{step.key}", "exclusiveGateway", "", GATEWAY)
        merge, rows = f"joined_{step.key}", []
        block = self._chain(block, [self._put(ended)])
        self._edge(ended.id, merge, default=True)
        for end, steps in step.on.items():
            row = self._row(steps)
            self._edge(ended.id, row.first if row else merge, name=end, condition=f'ended_{step.key} = "{end}"')
            rows += [row] if row else []
        return self._joined(block, rows, self._put(Node(merge, "exclusiveGateway", "", GATEWAY)))

    def _until(self, step: Loop) -> Block:
        block = self._put(Node(f"step_{step.key}", "exclusiveGateway", self._text(step.title), GATEWAY))
        row = self._row(step.steps)
        asked = self._put(Node(f"enough_{step.key}", "exclusiveGateway", "", GATEWAY))
        block = self._chain(block, [*([row] if row else []), asked])
        onward = self._put(Node(f"through_{step.key}", "exclusiveGateway", "", GATEWAY))
        self._edge(f"enough_{step.key}", onward.first, condition=step.until.text if step.until else "")
        self._edge(f"enough_{step.key}", f"step_{step.key}", default=True)
        block.append(onward)
        return block

    def _waiting(self, step: Wait) -> Node:
        name = self._text(step.title)
        return Node(f"step_{step.key}", "intermediateCatchEvent", name, EVENT, event=self._awaited(step))

    def _awaited(self, step: Wait) -> Trigger:
        if step.long is not None:
            return "timerEventDefinition", {}, "timeDuration", _length(step.long)
        if step.until is not None:
            return "timerEventDefinition", {}, "timeDate", step.until.text
        if step.when is not None:
            return "conditionalEventDefinition", {}, "condition", step.when.text
        event = step.event or step.key
        self.messages.setdefault(event)
        return "messageEventDefinition", {"messageRef": f"message_{event}"}, "", ""


def _length(length: Length) -> str:
    return length.of.text if isinstance(length.of, Formula) else length.of
