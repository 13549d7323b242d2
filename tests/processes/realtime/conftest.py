from tests.integration.realtime.conftest import endpoint, socket
from tests.processes.jobs.conftest import site

__all__ = ["endpoint", "site", "socket"]
