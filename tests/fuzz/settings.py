"""The product as `web` runs it, without the limits that would end a thousand requests early."""

from config.settings import *  # noqa: F403

API_RATE_LIMITS = ["1000000/minute"]
# Errors as customers meet them, not as pages for developers.
DEBUG = False
