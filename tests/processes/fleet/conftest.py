from tests.fleet.rollouts.conftest import fleet, quick

__all__ = ["fleet", "quick"]
