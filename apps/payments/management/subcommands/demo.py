"""`manage.py billing demo`."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import OutputWrapper

from apps.payments.services import demo_customers

HELP = "make up some customers with months of history at the sandbox's Stripe, once"


def add_arguments(parser: ArgumentParser) -> None:
    """It takes none."""


def run(out: OutputWrapper, **_: Any) -> None:
    made = demo_customers.seed(out.write)
    out.write(f"{made} customers. See the console, Business.")
