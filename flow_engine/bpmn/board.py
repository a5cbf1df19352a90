"""What every step is drawn with: levels, shapes, edges, and the ways out of a sub-process."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from formloom.i18n import localized

from flow_engine.bpmn.block import Block
from flow_engine.bpmn.graph import EVENT, TASK, Edge, Node, Scope
from flow_engine.bpmn.words import described
from flow_engine.definition import FlowDef
from flow_engine.steps import Step
from flow_engine.steps.loop import Loop

REJECTED: Final = "rejected"
PADDING: Final = 30


@dataclass
class Level:
    """A scope being drawn; `owner` is the step that it belongs to. `leaving`: what is left by, and its error event."""

    owner: str | None
    scope: Scope = field(default_factory=Scope)
    leaving: dict[str, str] = field(default_factory=dict)


class Board:
    """Where a flow is drawn. `errors` are the codes by which sub-processes are left."""

    def __init__(self, flow: FlowDef, locale: str) -> None:
        self._flow, self._locale = flow, locale
        self._levels = [Level(None)]
        self.errors: dict[str, None] = {}

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

    def _end(self, key: str, name: str) -> Block:
        """An end of the whole run, whatever else is under way."""
        if len(self._levels) > 1:
            return self._leave(REJECTED if key.startswith("rejected") else f"end:{name}", key)
        node = Node(key, "endEvent", name, EVENT, event=("terminateEventDefinition", {}, "", ""))
        block = self._put(node)
        block.last = None
        return block

    def _to_step(self, key: str, source: str) -> tuple[str, Block | None]:
        if self._owner(key) == self._levels[-1].owner:
            return f"step_{key}", None
        hung = self._leave(f"to:{key}", f"leave_{source}")
        return hung.first, hung

    def _again(self, step: Step, source: str, *, straight: bool = False) -> tuple[str, Block | None]:
        """Back to whoever began it; then from the first step again, or straight to where it came from."""
        if len(self._levels) > 1:
            hung = self._leave(f"again:{step.key}", f"leave_{source}")
            return hung.first, hung
        rework = Node(f"resubmit_{source}", "userTask", f"↩ {self._text(step.title)}", owners=("initiator",))
        block = self._put(rework)
        self._edge(rework.id, f"step_{step.key if straight else self._flow.first}")
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


def error_id(code: str) -> str:
    """As an XML name."""
    return "error_" + "".join(letter if letter.isalnum() and letter.isascii() else "_" for letter in code)
