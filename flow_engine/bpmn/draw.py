"""From the tree of a flow to BPMN's graph.

What walks at the same time becomes a sub-process, so that a return or a rejection from inside ends all of it, as the
machine does: it leaves by an error event whose boundary event leads on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from formloom.i18n import localized

from flow_engine.bpmn.block import Block, stacked
from flow_engine.bpmn.graph import EVENT, GATEWAY, TASK, Edge, Many, Node, Scope, Trigger
from flow_engine.bpmn.words import described, owners
from flow_engine.definition import FlowDef
from flow_engine.elements.duration import written
from flow_engine.elements.outcome import INITIATOR, Outcome
from flow_engine.steps import Step
from flow_engine.steps.approve import Approve
from flow_engine.steps.branch import Branch
from flow_engine.steps.cc import Cc
from flow_engine.steps.fill import Fill
from flow_engine.steps.inclusive import Inclusive
from flow_engine.steps.loop import Loop
from flow_engine.steps.notify import Notify
from flow_engine.steps.parallel import Parallel
from flow_engine.steps.stop import Stop
from flow_engine.steps.wait import Wait

REJECTED: Final = "rejected"
PADDING: Final = 30


@dataclass
class _Level:
    """A scope being drawn; `owner` is the step that it belongs to. `leaving`: what is left by, and its error event."""

    owner: str | None
    scope: Scope = field(default_factory=Scope)
    leaving: dict[str, str] = field(default_factory=dict)


class Drawing:
    """Draws one flow. `root` holds the picture afterwards, `errors` the codes by which sub-processes are left."""

    def __init__(self, flow: FlowDef, locale: str) -> None:
        self._flow, self._locale = flow, locale
        self._levels = [_Level(None)]
        self.errors: dict[str, None] = {}
        block = self._whole(flow.steps, "start", "end", self._text(flow.title))
        block.shift(60, 60 + block.above)
        self.root = self._levels[0].scope

    # -- lists --------------------------------------------------------------------------------------------------------

    def _whole(self, steps: tuple[Step, ...], start: str, end: str, name: str = "") -> Block:
        """A scope from its start event to its end event."""
        block = self._put(Node(start, "startEvent", name, EVENT))
        return self._chain(block, [self._step(step) for step in steps] + [self._put(Node(end, "endEvent", "", EVENT))])

    def _chain(self, block: Block, following: list[Block]) -> Block:
        for each in following:
            if block.last is not None:
                self._edge(block.last, each.first, default=block.last.startswith("decided_"))
            block.append(each)
        return block

    def _put(self, node: Node) -> Block:
        self._levels[-1].scope.nodes.append(node)
        return Block.of(node)

    def _edge(self, source: str, target: str, **more: str | bool) -> None:
        self._levels[-1].scope.edges.append(Edge(source, target, **more))  # type: ignore[arg-type]

    def _text(self, text: Mapping[str, str] | str | None) -> str:
        return localized(text, self._locale) if text else ""

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
            case Wait():
                return self._put(self._waiting(step))
            case Stop():
                return self._end(f"step_{step.key}", self._text(step.title))
        tags = {Fill: "userTask", Notify: "sendTask", Cc: "sendTask"}
        return self._put(self._task(step, tags.get(type(step), "serviceTask")))

    def _task(self, step: Step, tag: str) -> Node:
        node = Node(f"step_{step.key}", tag, self._text(step.title), documentation=described(step))
        if isinstance(step, Approve | Fill):
            node.owners = owners(step.by)
        return node

    def _end(self, key: str, name: str) -> Block:
        """An end of the whole run, whatever else is under way."""
        if len(self._levels) > 1:
            return self._leave(REJECTED if key.startswith("rejected") else f"end:{name}", key)
        node = Node(key, "endEvent", name, EVENT, event=("terminateEventDefinition", {}, "", ""))
        block = self._put(node)
        block.last = None
        return block

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
        target = outcome.return_to
        if target is None:
            hung = self._end(f"rejected_{step.key}", decision)
            return hung.first, hung
        if target == INITIATOR:
            return self._again(step, f"{step.key}_{number}")
        return self._to_step(target, f"{step.key}_{number}")

    def _to_step(self, key: str, source: str) -> tuple[str, Block | None]:
        if self._owner(key) == self._levels[-1].owner:
            return f"step_{key}", None
        hung = self._leave(f"to:{key}", f"leave_{source}")
        return hung.first, hung

    def _again(self, step: Step, source: str) -> tuple[str, Block | None]:
        """Back to whoever began it; then from the first step again."""
        if len(self._levels) > 1:
            hung = self._leave(f"again:{step.key}", f"leave_{source}")
            return hung.first, hung
        rework = Node(f"resubmit_{source}", "userTask", f"↩ {self._text(step.title)}", owners=("initiator",))
        block = self._put(rework)
        if self._flow.first is not None:
            self._edge(rework.id, f"step_{self._flow.first}")
        block.last = None
        return rework.id, block

    def _leave(self, code: str, key: str) -> Block:
        """Out of a sub-process; whoever is around it says where that leads."""
        self.errors.setdefault(code)
        self._levels[-1].leaving.setdefault(code, key)
        node = Node(key, "endEvent", "", EVENT, event=("errorEventDefinition", {"errorRef": error_id(code)}, "", ""))
        block = self._put(node)
        block.last = None
        return block

    def _owner(self, key: str) -> str | None:
        """The nearest step around it whose inside is a sub-process."""
        around = self._flow.around(key)
        while around is not None:
            step = self._flow.step(around)
            if step.splits and not (isinstance(step, Loop) and step.until is not None):
                return around
            around = self._flow.around(around)
        return None

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
        self._levels.append(_Level(step.key))
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
        ends = None if step.others_go_on else ("terminateEventDefinition", {}, "", "")
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

    def _each(self, step: Loop) -> Block:
        self._levels.append(_Level(step.key))
        inner = self._whole(step.steps, f"in_{step.key}", f"out_{step.key}")
        block = self._boxed(step, inner)
        box = self._levels[-1].scope.node(f"step_{step.key}")
        box.many = Many(f"rows_{step.key}", f"row_{step.key}", not step.at_once)
        return block

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

    def _boxed(self, step: Step, inner: Block) -> Block:
        """Close the innermost scope: it becomes a sub-process, with an event on its border for each way out."""
        level = self._levels.pop()
        inner.shift(PADDING, 0)
        size = (inner.width + 2 * PADDING, inner.above + inner.below + 2 * PADDING)
        box = Node(f"step_{step.key}", "subProcess", self._text(step.title), size, inside=level.scope)
        box.documentation = described(step)
        self._levels[-1].scope.nodes.append(box)
        box.y = -(inner.above + PADDING)
        block = Block(box.id, box.id, [box], size[0], inner.above + PADDING, inner.below + PADDING)
        for number, code in enumerate(level.leaving):
            self._border(step, block, code, number)
        return block

    def _border(self, step: Step, block: Block, code: str, number: int) -> None:
        error = ("errorEventDefinition", {"errorRef": error_id(code)}, "", "")
        event = Node(f"left_{step.key}_{number}", "boundaryEvent", "", EVENT, event=error, host=block.first)
        box = block.nodes[0]
        event.x, event.y = 20 + number * 60, box.y + box.size[1] - EVENT[1] // 2
        self._levels[-1].scope.nodes.append(event)
        block.nodes.append(event)
        kind, _, key = code.partition(":")
        if kind == "to":
            target, hung = self._to_step(key, f"{step.key}_{number}")
        elif kind == "again":
            target, hung = self._again(self._flow.step(key), f"{step.key}_{number}")
        else:
            hung = self._end(f"{'rejected' if code == REJECTED else 'ended'}_{step.key}_{number}", key or code)
            target = hung.first
        self._edge(event.id, target)
        if hung is not None:
            block.hang(hung, event.x + TASK[0] // 2)

    def _waiting(self, step: Wait) -> Node:
        timer: Trigger
        if step.long is not None:
            timer = ("timerEventDefinition", {}, "timeDuration", written(step.long))
        elif step.until is not None:
            timer = ("timerEventDefinition", {}, "timeDate", step.until.text)
        else:
            timer = ("timerEventDefinition", {}, "timeDate", "")
        name = self._text(step.title)
        return Node(f"step_{step.key}", "intermediateCatchEvent", name, EVENT, event=timer)


def error_id(code: str) -> str:
    """As an XML name."""
    return "error_" + "".join(letter if letter.isalnum() and letter.isascii() else "_" for letter in code)
