from __future__ import annotations

import re
from pathlib import Path

import pytest

import apps.roblox.scan
from apps.roblox.scan import RULES

SOURCES = "".join(
    path.read_text(encoding="utf-8")
    for path in Path(apps.roblox.scan.__file__).parent.glob("*.py")
    if path.name != "rules.py"
)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES)
def test_a_rule_is_explained_and_used(rule):
    assert rule.title
    assert rule.why.endswith(".")
    assert rule.advice.endswith(".")
    assert f'"{rule.id}"' in SOURCES


def test_every_reported_rule_is_in_the_table():
    used = set(re.findall(r'\.add\(\s*"([a-z-]+)"', SOURCES))
    assert used <= set(RULES)
