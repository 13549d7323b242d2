"""A workspace's page of invoices at 10 and at 1,000 of them, and what drawing a document takes.

    python -m embedded exec --profile test -- python -m benchmarks.invoices

One process, Django's test client: the page's queries are counted, and must be as many for a
thousand invoices as for ten.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

from benchmarks.mixed import stage

ROUNDS = 20
HOME = "/settings/billing/invoices/"
API = "/api/v1/invoices/"


def main() -> None:
    with stage.stand(workspaces=1) as stand:
        counts = pages(stand.schemas[0])
        drawing()
    if any(len(set(found)) > 1 for found in counts.values()):
        raise SystemExit("a page of more invoices costs more queries")


def pages(schema: str) -> dict[str, list[int]]:
    """Queries by address: at 10 invoices, and at 1,000."""
    from django.conf import settings
    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from apps.tenants.middleware import SESSION_WORKSPACE
    from apps.tenants.models import Membership, Tenant
    from tests.factories.invoices import make_invoices

    tenant = Tenant.objects.get(schema_name=schema)
    settings.ALLOWED_HOSTS = ["*"]
    client = Client(SERVER_NAME=tenant.host)
    client.force_login(Membership.objects.get(tenant=tenant, role="owner").user)
    session = client.session
    session[SESSION_WORKSPACE] = schema
    session.save()
    counts: dict[str, list[int]] = {HOME: [], API: []}
    print(f"{'':<34} {'queries':>8} {'p50':>9}")
    for first, count in ((0, 10), (10, 990)):
        make_invoices(tenant, count, first=first)
        for address, found in counts.items():
            client.get(address)
            with CaptureQueriesContext(connection) as queries:
                seen = client.get(address).status_code
            if seen != 200:
                raise SystemExit(f"{address} answered {seen}")
            asked = len(queries)  # the next request empties the log
            found.append(asked)
            took = median(lambda address=address: client.get(address))  # type: ignore[misc]
            print(f"{address:<24} {first + count:>5} rows {asked:>8} {took:6.1f} ms")
    return counts


def drawing() -> None:
    from apps.payments import documents as made
    from apps.payments.documents import cii
    from tests.factories import documents

    tax = made.Tax("S", documents.lines()[0].rate, 20428 * 12, 46576)
    long = documents.invoice(lines=documents.lines() * 12, taxes=(tax,))
    print()
    for name, document in (("an invoice of 4 lines", documents.invoice()), ("of 48 lines", long)):
        drawn = made.render(document)
        took = median(lambda document=document: made.render(document))  # type: ignore[misc]
        written = median(lambda document=document: cii.write(document))  # type: ignore[misc]
        size = len(drawn.pdf) // 1024
        print(f"{name:<24} PDF and XML {took:6.1f} ms, {size} KB; the XML alone {written:.1f} ms")


def median(deed: Callable[[], object]) -> float:
    """Milliseconds."""
    times = []
    for _ in range(ROUNDS):
        begun = time.perf_counter()
        deed()
        times.append(1000 * (time.perf_counter() - begun))
    return statistics.median(times)


if __name__ == "__main__":
    main()
