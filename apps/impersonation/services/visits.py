"""What an operator looks at while they are in as somebody: written down address by address, for
the workspace and for the operators, in one statement after the answer.
"""

from __future__ import annotations

from typing import Final

from django.db.models import F, QuerySet
from django.db.models.expressions import Value
from django.utils import timezone
from django_tenants.utils import schema_context

from apps.impersonation.models import Impersonation, Visit

PUBLIC: Final = "public"
LONGEST: Final = 300
# What the closing entry of the audit lists; the rest stands in the table.
IN_AUDIT: Final = 200


def note(*, record: Impersonation, method: str, path: str, status: int) -> None:
    """Count one request. A page that draws itself again every few seconds stays one row."""
    now = timezone.now()
    with schema_context(PUBLIC):
        seen = Visit.objects.filter(impersonation=record, method=method, path=path[:LONGEST])
        if seen.update(times=F("times") + 1, last_at=now, status=Value(status)):
            return
        # Two requests at once may both come here; the second row gives way.
        Visit.objects.bulk_create(
            [
                Visit(
                    impersonation=record, method=method, path=path[:LONGEST], status=status,
                    first_at=now, last_at=now,
                )
            ],
            ignore_conflicts=True,
        )  # fmt: skip


def summary(*, record: Impersonation) -> dict[str, object]:
    """For the audit: how many addresses, and which."""
    asked = [str(visit) for visit in record.visits.all()[: IN_AUDIT + 1]]
    shown = asked[:IN_AUDIT]
    return {"looked_at": shown, "and_more": True} if len(asked) > IN_AUDIT else {"looked_at": shown}


def of_workspace(schema_name: str) -> QuerySet[Impersonation]:
    """Who was in there, newest first, with all that they asked for."""
    rows = Impersonation.objects.filter(schema_name=schema_name, entered_at__isnull=False)
    return rows.prefetch_related("visits")
