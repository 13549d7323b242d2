from __future__ import annotations

import re
from pathlib import Path

import pytest

from apps.fleet.rules.recipes import RECIPES

RUNBOOK = Path(__file__).resolve().parents[3] / "docs" / "runbooks" / "expand-and-contract.md"
NAMES = ("model", "field", "table", "column", "name", "release")
TAUGHT = sorted(set(RECIPES) - {"marker", "squawk"})


@pytest.mark.parametrize("code", TAUGHT)
def test_every_refusal_is_taught(code):
    assert f"`[{code}]`" in RUNBOOK.read_text()


def test_the_runbook_teaches_no_rule_that_is_none():
    assert set(re.findall(r"`\[(\w+)\]`", RUNBOOK.read_text())) == set(TAUGHT)


@pytest.mark.parametrize("code", sorted(RECIPES))
def test_every_recipe_is_filled_to_the_end(code):
    recipe = RECIPES[code]
    names = dict.fromkeys(NAMES, "x")
    for text in (recipe.why, recipe.code):
        assert "<" not in recipe.fill(text, names).replace("<=", "")
