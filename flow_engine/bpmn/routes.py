"""How an edge runs on paper: corner points from one shape to another."""

from flow_engine.bpmn.graph import Node, Scope

LANE = 14
Point = tuple[int, int]


def routes(scope: Scope) -> list[list[Point]]:
    """The points of every edge of a scope, in order. What leads back runs below all, each in a lane of its own."""
    lowest = max((node.y + node.size[1] for node in scope.nodes), default=0)
    found, backwards = [], 0
    for edge in scope.edges:
        source, target = scope.node(edge.source), scope.node(edge.target)
        if target.x <= source.x and not _below(source, target):
            backwards += 1
            found.append(_back(source, target, lowest + LANE * backwards))
        else:
            found.append(_forward(source, target))
    return found


def _below(source: Node, target: Node) -> bool:
    return target.y > source.y + source.size[1] and target.x + target.size[0] > source.x


def _forward(source: Node, target: Node) -> list[Point]:
    (sx, sy), (_, ty) = source.middle, target.middle
    if sy == ty:
        return [(source.x + source.size[0], sy), (target.x, ty)]
    joins = target.tag.endswith("Gateway") and target.x > source.x + source.size[0]
    if source.tag == "boundaryEvent" or (ty > source.y + source.size[1] + LANE and not joins):
        return [(sx, source.y + source.size[1]), (sx, ty), (target.x, ty)] if target.x > sx else _down(source, target)
    between = target.x - LANE
    return [(source.x + source.size[0], sy), (between, sy), (between, ty), (target.x, ty)]


def _down(source: Node, target: Node) -> list[Point]:
    return [(source.middle[0], source.y + source.size[1]), (target.middle[0], target.y)]


def _back(source: Node, target: Node, lane: int) -> list[Point]:
    (sx, _), (tx, _) = source.middle, target.middle
    return [(sx, source.y + source.size[1]), (sx, lane), (tx, lane), (tx, target.y + target.size[1])]
