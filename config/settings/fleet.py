"""The fleet of workspace schemas."""

from .environment import ENV

POOL_SIZES = {"production": 20, "development": 3, "test": 0}

# Schemas prepared for the customers who come next.
FLEET_POOL_SIZE = (
    POOL_SIZES[ENV.toolboxai_env] if ENV.fleet_pool_size is None else ENV.fleet_pool_size
)
