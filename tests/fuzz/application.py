"""The product as `web` runs it, without the limits that would end a thousand requests early."""

from dataclasses import replace

from config.asgi import application

# isort: split
# The line above loads the apps.
from apps.gateway import refusals, throttling
from apps.usage import plans

__all__ = ["application"]

BOUNDLESS = "boundless"
MANY = 10**9

plans.PLANS[BOUNDLESS] = replace(
    plans.FREE, slug=BOUNDLESS, limits={}, rates=dict.fromkeys(plans.FREE.rates, MANY)
)
throttling.ADDRESS = refusals.QUOTA = MANY  # type: ignore[misc]
