"""The merge of two drafts, by the vectors that the designer in the browser reads, too."""

import json
from pathlib import Path
from typing import Any

import pytest

from form_engine.evolution.merge import merge

VECTORS: list[dict[str, Any]] = json.loads((Path(__file__).parents[2] / "vectors" / "merge.json").read_text("utf-8"))


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_merging(vector: dict[str, Any]) -> None:
    done = merge(vector["base"], vector["mine"], vector["theirs"])
    assert done.body == vector["merged"]
    assert [each.at for each in done.conflicts] == vector["conflicts"]
