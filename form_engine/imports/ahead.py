"""Work that is prepared while what came before it is being done."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def one_ahead(items: Iterator[T]) -> Iterator[T]:
    """The same items; each is made by a thread while its predecessor is worked on, never more than one in advance.

    What making one raises is raised where it is asked for.
    """
    with ThreadPoolExecutor(1, "formloom-ahead") as maker:
        coming = maker.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = maker.submit(next, items, None)
            yield item
