"""The alert rules in the hands of a real promtool (Debian's prometheus), and of our own numbers."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from apps.core import metrics

FOLDER = Path(__file__).resolve().parents[2] / "deploy" / "prometheus"
TESTS = sorted(FOLDER.glob("*.rules.test.yml"))
RULES = sorted(set(FOLDER.glob("*.rules.yml")))


def promtool(*arguments: str) -> str:
    program = shutil.which("promtool")
    assert program, "there is no promtool here: apt-get install prometheus"
    done = subprocess.run(
        [program, *arguments], cwd=FOLDER, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.name)
def test_rules_are_well_formed(path):
    assert "SUCCESS" in promtool("check", "rules", path.name)


@pytest.mark.parametrize("path", TESTS, ids=lambda path: path.name)
def test_alarms_sound_when_they_should_and_not_otherwise(path):
    assert "SUCCESS" in promtool("test", "rules", path.name)


@pytest.mark.parametrize("path", RULES, ids=lambda path: path.name)
def test_each_file_of_rules_has_tests(path):
    tested = path.with_name(path.name.replace(".rules.yml", ".rules.test.yml")).read_text()
    for alert in re.findall(r"alert: (\w+)", path.read_text()):
        assert f"alertname: {alert}" in tested


@pytest.mark.django_db
@pytest.mark.parametrize("path", RULES, ids=lambda path: path.name)
def test_rules_ask_for_numbers_that_the_product_shows(path):
    names = re.findall(r"toolboxai_\w+", path.read_text())
    asked = {re.sub("_(bucket|count|sum)$", "", name) for name in names}  # of histograms
    shown = set(re.findall(r"^# TYPE (\w+)", metrics.render().decode(), re.MULTILINE))
    assert asked <= shown
