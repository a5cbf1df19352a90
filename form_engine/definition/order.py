"""An order in which everything comes after what it needs, or the circle that makes it impossible."""

from collections.abc import Callable, Iterable
from typing import TypeVar

N = TypeVar("N")


def ordered(nodes: Iterable[N], needs: Callable[[N], Iterable[N]]) -> tuple[list[N], list[tuple[N, ...]]]:
    """The nodes (and all they need), each after its needs, and the circles found, each beginning with the node met
    first.

    Stable: what is free to stand anywhere stands in the order given. Where there is a circle the order is of no use.
    """
    order: list[N] = []
    circles: list[tuple[N, ...]] = []
    done: set[N] = set()
    for root in nodes:
        if root in done:
            continue
        trail: dict[N, None] = {root: None}  # the way here, in order
        waiting = [(root, iter(needs(root)))]
        while waiting:
            node, rest = waiting[-1]
            following = next(rest, None)
            if following is None:
                waiting.pop()
                trail.pop(node)
                done.add(node)
                order.append(node)
            elif following in trail:
                way = list(trail)
                circles.append(tuple(way[way.index(following) :]))
            elif following not in done:
                trail[following] = None
                waiting.append((following, iter(needs(following))))
    return order, circles
