"""The whole product on a `.local/` of its own."""

from tests.integration.embedded.conftest import port, program

__all__ = ["port", "program"]
