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

# Whoever subscribes on the way has another plan from then on.
plans.PLANS.update(
    {
        slug: replace(plan, slug=slug, limits={}, rates=dict.fromkeys(plan.rates, MANY))
        for slug, plan in {BOUNDLESS: plans.FREE, **plans.PLANS}.items()
    }
)
throttling.ADDRESS = refusals.QUOTA = MANY  # type: ignore[misc]
