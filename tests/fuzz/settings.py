"""Errors as customers meet them, not as pages for developers."""

from config.settings import *  # noqa: F403

DEBUG = False
