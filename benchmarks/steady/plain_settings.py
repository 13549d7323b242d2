"""The same without workspaces: Django's own backend, whose connection is in one schema for good."""

from benchmarks.steady.ours_settings import *  # noqa: F403
from benchmarks.steady.ours_settings import DATABASES

AROUND = []
DATABASES["default"]["ENGINE"] = "django.db.backends.postgresql"
DATABASES["default"]["OPTIONS"]["options"] = "-c search_path=w_load_01,public"
