"""The whole product on a `.local/` of its own."""

from tests.processes.embedded.conftest import port, program

__all__ = ["port", "program"]
