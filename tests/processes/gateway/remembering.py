"""Processes remember as long as in production; in other tests they ask each time."""

from tests.fuzz.settings import *  # noqa: F403

KEY_MEMORY_SECONDS = TOKEN_MEMORY_SECONDS = HOST_MEMORY_SECONDS = 1.0
