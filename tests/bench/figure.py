"""One line of the bench's table."""

from dataclasses import asdict, dataclass
from typing import Literal


@dataclass(frozen=True)
class Figure:
    """A measured pair: `ours` and `baseline` in the same unit and from the same run, or a size with its limit.

    `ratio` is ours / baseline; `aim` is what the ratio should reach (`better` says from which side).
    """

    name: str
    ours: float
    baseline: float
    aim: float
    better: Literal["higher", "lower"]

    @property
    def ratio(self) -> float:
        """Ours as a multiple of the baseline."""
        return self.ours / self.baseline

    @property
    def met(self) -> bool:
        """Whether the aim is reached."""
        return self.ratio >= self.aim if self.better == "higher" else self.ratio <= self.aim

    def row(self) -> dict[str, object]:
        """As written to `build/bench.json`."""
        figures = asdict(self)
        return {**figures, "ratio": round(self.ratio, 3)}
