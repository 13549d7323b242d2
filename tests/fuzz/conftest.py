"""`make fuzz ARGS=--fuzz-seed=7` tries what another seed makes of the document."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--fuzz-seed", default="1", help="what schemathesis makes its input from")
