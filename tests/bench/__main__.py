"""`make bench`: our figures as ratios against baselines of the same run, printed and written to `build/bench.json`.

`--full` asks at full size.
"""

import json
import subprocess
import sys
from pathlib import Path

from tests.bench import (
    approval_case,
    engines_case,
    export_case,
    formula_case,
    import_case,
    inbox_case,
    loop_case,
    query_case,
    record_write_case,
    reminder_case,
    timer_case,
    validation_case,
)
from tests.bench.figure import Figure

ROOT = Path(__file__).parents[2]
FULL = "--full" in sys.argv
"""Big sizes, which take tens of minutes to fill in; else the same questions over less."""


def form_page() -> Figure:
    """Gzipped bytes of script and style that a phone loads for the form page, against the limit of 90 kB."""
    answer = subprocess.run(
        ["node", "web/client/size.mjs"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout
    return Figure("form page, gzip bytes (of the 90 kB limit)", json.loads(answer)["bytes"], 90_000, 1.0, "lower")


def main() -> int:
    """Exit status 1 when an aim is missed."""
    figures = [
        *approval_case.figures(),
        *record_write_case.figures(),
        *validation_case.figures(),
        *formula_case.figures(),
        *query_case.figures(full=FULL),
        *import_case.figures(full=FULL),
        *export_case.figures(full=FULL),
        *timer_case.figures(full=FULL),
        *reminder_case.figures(full=FULL),
        *inbox_case.figures(full=FULL),
        *loop_case.figures(),
        *engines_case.figures(),
        form_page(),
    ]
    print(f"{'figure':62} {'ours':>12} {'baseline':>12} {'ratio':>7}  aim")
    for figure in figures:
        sign = "≥" if figure.better == "higher" else "≤"
        print(
            f"{figure.name:62} {figure.ours:12,.1f} {figure.baseline:12,.1f} {figure.ratio:7.2f}"
            f"  {sign} {figure.aim:g}{'' if figure.met else '  MISSED'}"
        )
    (ROOT / "build").mkdir(exist_ok=True)
    written = json.dumps([figure.row() for figure in figures], indent=2, ensure_ascii=False)
    (ROOT / "build" / "bench.json").write_text(written + "\n", "utf-8")
    return 0 if all(figure.met for figure in figures) else 1


if __name__ == "__main__":
    sys.exit(main())
