"""Random lines of access, records, grants and roles."""

from dataclasses import dataclass

from hypothesis import strategies as st

FIELDS = ("name", "code", "sum", "day", "owner")
ROLES = ("r1", "r2", "r3")
LEVELS = ("hidden", "read", "write")
FILTERS = (None, "owner = ME()", "sum > 10", 'code = "c1"', "created_by = ME()")


@dataclass(frozen=True)
class Line:
    role: str
    may: tuple[str, ...]
    where: str | None
    fields: dict[str, str]


@dataclass(frozen=True)
class Row:
    name: str
    code: str
    sum: int
    owner: int
    maker: int


lines = st.builds(
    Line,
    role=st.sampled_from(ROLES),
    may=st.sets(st.sampled_from(("read", "update", "export", "delete")), min_size=1).map(
        lambda may: tuple(sorted(may))
    ),
    where=st.sampled_from(FILTERS),
    fields=st.dictionaries(st.sampled_from((*FIELDS, "*")), st.sampled_from(LEVELS), max_size=4),
)
rows = st.builds(
    Row,
    name=st.sampled_from(("alpha", "beta", "gamma")),
    code=st.sampled_from(("c1", "c2")),
    sum=st.integers(0, 20),
    owner=st.integers(0, 3),
    maker=st.integers(0, 3),
)
grants = st.lists(
    st.tuples(
        st.integers(0, 4),
        st.integers(0, 3),
        st.dictionaries(st.sampled_from((*FIELDS, "*")), st.sampled_from(("hidden", "read")), max_size=3),
    ),
    max_size=3,
    unique_by=lambda each: each[:2],
)


@dataclass(frozen=True)
class Pointing:
    """A record that points to the one at `to`."""

    to: int
    open: int


@dataclass(frozen=True)
class PointingLine:
    """Who may read those."""

    role: str
    where: str | None
    link: str


pointing = st.lists(st.builds(Pointing, to=st.integers(0, 4), open=st.integers(0, 1)), min_size=1, max_size=4)
pointing_lines = st.lists(
    st.builds(
        PointingLine,
        role=st.sampled_from(("everybody", *ROLES)),
        where=st.sampled_from(("open = 1", None)),
        link=st.sampled_from(("read", "read", "hidden")),
    ),
    min_size=1,
    max_size=3,
)
holdings = st.lists(st.sets(st.sampled_from(ROLES)), min_size=4, max_size=4)
