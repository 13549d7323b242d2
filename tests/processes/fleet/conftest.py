from tests.integration.fleet.rollouts.conftest import fleet, quick

__all__ = ["fleet", "quick"]
