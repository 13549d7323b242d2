"""The sandbox as a process, and customers' lives in it, of which it tells."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import stripe

ROOT = Path(__file__).resolve().parents[2]


@contextmanager
def sandbox() -> Iterator[str]:
    """Its address."""
    with TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "sandbox", "--port", "0", "--data-dir", folder]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout  # noqa: S101
            try:
                yield process.stdout.readline().rpartition(" ")[2].strip()
            finally:
                process.terminate()


def lives(url: str, key: str, count: int) -> list[dict[str, Any]]:
    """What happens while so many customers subscribe and pay, in the order of its happening."""
    api = stripe.StripeClient(key, base_addresses={"api": url}).v1
    price = api.prices.create(
        {
            "currency": "eur", "unit_amount": 14900, "recurring": {"interval": "month"},
            "product_data": {"name": "School"},
        }
    )  # fmt: skip
    for number in range(count):
        customer = api.customers.create({"email": f"bursar-{number}@lincoln.example"})
        method = api.payment_methods.attach("pm_card_visa", {"customer": customer.id})
        api.customers.update(
            customer.id, {"invoice_settings": {"default_payment_method": method.id}}
        )
        api.subscriptions.create({"customer": customer.id, "items": [{"price": price.id}]})
    found = api.events.list({"limit": 100}).auto_paging_iter()
    return [event.to_dict(for_json=True) for event in found][::-1]
