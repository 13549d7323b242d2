from pathlib import Path

import pytest

from embedded import procfile
from embedded.faults import Fault
from embedded.layout import ROOT


def test_names_and_commands_in_order():
    parsed = procfile.parse("# note\n\nweb: serve --port $PORT\nworker:  work\n")
    assert list(parsed.items()) == [("web", "serve --port $PORT"), ("worker", "work")]


def test_a_line_that_is_neither_is_named():
    with pytest.raises(Fault, match="line 2"):
        procfile.parse("web: serve\nworker work\n")


def test_ours_names_the_three_processes():
    assert list(procfile.parse(Path(ROOT, "Procfile").read_text())) == ["web", "worker", "beat"]
