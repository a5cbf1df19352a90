"""How much of a file we are willing to open."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """`inflated` is what a workbook's parts may say they are, in bytes; `memory` and `seconds` hold for the process
    that reads, whatever the file says. `head`: only so many lines of each sheet (0: all).
    """

    inflated: int = 400_000_000
    memory: int = 1_500_000_000
    seconds: int = 120
    rows: int = 200_000
    columns: int = 500
    sheets: int = 50
    cell_characters: int = 32_767
    head: int = 0


LIMITS = Limits()
