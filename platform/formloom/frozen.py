"""Frozen dataclasses that are made and changed in a third of the time.

Python fills a frozen dataclass by one call of `object.__setattr__` a field: of a decision's Python that was a third.
A twin of the class that is not frozen is filled by plain assignment, and becomes the frozen class when it is whole.
"""

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

T = TypeVar("T")

_CHANGED: dict[type, Callable[[Any, dict[str, Any]], Any]] = {}


def quick(cls: type[T]) -> type[T]:
    """For a dataclass that is frozen, with slots, and has no `__post_init__` and no base with fields."""
    fields = dataclasses.fields(cls)  # type: ignore[arg-type]  # it is one
    names = [field.name for field in fields]
    if list(cls.__dict__["__slots__"]) != names or hasattr(cls, "__post_init__"):
        raise TypeError(f"{cls.__name__} is not of this simple kind")
    twin = type(cls.__name__, cls.__bases__, {"__slots__": tuple(names), "__module__": cls.__module__})
    known: dict[str, Any] = {"_cls": cls, "_twin": twin, "_become": object.__setattr__, "_new": object.__new__}
    head = []
    for field in fields:
        if field.default_factory is not dataclasses.MISSING:
            known[f"_make_{field.name}"], known["_none"] = field.default_factory, dataclasses.MISSING
            head.append(f"{field.name}=_none")
        elif field.default is not dataclasses.MISSING:
            known[f"_usual_{field.name}"] = field.default
            head.append(f"{field.name}=_usual_{field.name}")
        else:
            head.append(field.name)
    fill = [
        f"self.{field.name} = _make_{field.name}() if {field.name} is _none else {field.name}"
        if field.default_factory is not dataclasses.MISSING
        else f"self.{field.name} = {field.name}"
        for field in fields
    ]
    lines = [
        f"def __init__(self, {', '.join(head)}):",
        "_become(self, '__class__', _twin)",
        *fill,
        "self.__class__ = _cls",
    ]
    copy = [
        "def changed(old, changes):",
        "self = _new(_twin)",
        *(f"self.{name} = old.{name}" for name in names),
        "for name, value in changes.items():",
        "    setattr(self, name, value)",
        "self.__class__ = _cls",
        "return self",
    ]
    exec("\n    ".join(lines) + "\n" + "\n    ".join(copy), known)  # noqa: S102 - names of our own fields
    known["__init__"].__qualname__ = f"{cls.__name__}.__init__"
    known["__init__"].__annotations__ = cls.__init__.__annotations__
    cls.__init__ = known["__init__"]  # type: ignore[method-assign]
    _CHANGED[cls] = known["changed"]
    return cls


if TYPE_CHECKING:
    from dataclasses import replace as replace
else:

    def replace(old: T, /, **changes: Any) -> T:
        """As `dataclasses.replace`."""
        changed = _CHANGED.get(old.__class__)
        return changed(old, changes) if changed is not None else dataclasses.replace(old, **changes)
