"""Lets the tests of this folder import the readers beside them."""

from __future__ import annotations

import sys
from pathlib import Path

HERE = Path(__file__).parent
for folder in (HERE, HERE.parents[1] / "vectors"):
    if str(folder) not in sys.path:
        sys.path.append(str(folder))
