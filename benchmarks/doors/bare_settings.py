"""The same without Django REST framework."""

from benchmarks.doors.plain_settings import *  # noqa: F403

PATH = "/bare/rows/"
