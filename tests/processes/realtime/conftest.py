from tests.integration.realtime.conftest import endpoint, socket

__all__ = ["endpoint", "socket"]
