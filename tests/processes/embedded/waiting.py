"""Waiting for an event with a deadline."""

import time


def wait_until(condition, seconds=20.0):
    """Poll until it holds; fails the test when it does not in time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.02)
