"""The package starts on a bare Python, and says so when that is too old."""

import ast
import subprocess
import sys
from pathlib import Path

from embedded.layout import ROOT

OLD = """
import runpy, sys
sys.version_info = (3, 9, 2, "final", 0)
sys.argv = ["embedded", "status"]
runpy.run_module("embedded", run_name="__main__")
"""


def test_an_old_python_gets_a_sentence():
    done = subprocess.run(
        [sys.executable, "-c", OLD], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "needs Python 3.11 or newer; this is 3.9" in done.stderr
    assert "What to do:" in done.stderr


def test_an_old_python_can_parse_the_program():
    source = Path(ROOT, "embedded", "__main__.py").read_text()
    assert ast.parse(source, feature_version=(3, 6))
    assert ast.parse(Path(ROOT, "embedded", "__init__.py").read_text(), feature_version=(3, 6))


def test_it_needs_only_the_standard_library():
    program = f"import sys; sys.path.append({str(ROOT)!r}); import embedded.cli"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=False
    )
    assert done.stderr == ""
