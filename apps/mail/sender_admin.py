"""Sender domains in the operator console."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from unfold.decorators import display

from apps.audit.models import AuditEntry
from apps.core.operator_admin import Figure, ReadOnlyModelAdmin, moment
from apps.mail.models import SenderDomain
from apps.mail.sender_models import STATES
from apps.mail.sender_records import Record
from apps.mail.services import sender_domains
from apps.tenants.deeds import Deed

SHOWN_ENTRIES = 10
RECHECK = Deed(
    "recheck", "Look again", "Its records are looked for now; one that SendGrid did not take is "
    "told to it again. It stands in the workspace's audit.",
    "{} was looked at, or is being set up.", sender_domains.recheck, subject="domain",
)  # fmt: skip


class StateFilter(admin.SimpleListFilter):
    title = "state"
    parameter_name = "state"

    def lookups(self, _request: HttpRequest, _page: Any) -> list[tuple[str, str]]:
        return [(state, words) for state, (words, _) in STATES.items()]

    def queryset(
        self, _request: HttpRequest, rows: QuerySet[SenderDomain]
    ) -> QuerySet[SenderDomain]:
        state = self.value()
        return rows.filter(STATES[state][1]) if state in STATES else rows


@admin.register(SenderDomain)
class SenderDomainAdmin(ReadOnlyModelAdmin):
    """Domains that workspaces' mail comes from, and what name servers say of their records. The
    key is not shown.
    """

    list_display = (
        "domain", "tenant", "shown_state", "address", "is_chosen", "signer", "checked_at",
        "problem",
    )  # fmt: skip
    list_filter = (StateFilter, "signer", "is_chosen", "created_at")
    search_fields = ("domain", "tenant__name", "tenant__schema_name", "created_by", "vendor_id")
    list_select_related = ("tenant",)
    fields = (
        "domain", "tenant", "shown_state", "problem", "address", "from_name", "is_chosen",
        "signer", "vendor_id", "selector", "created_at", "created_by", "checked_at",
        "verified_at", "missing_since", "failed_at", "shown_records", "trail",
    )  # fmt: skip
    actions: ClassVar[list[Any]] = [RECHECK.as_action()]
    list_per_page = 50

    @display(  # type: ignore[untyped-decorator]
        description="state",
        label={
            STATES["verified"][0]: "success", STATES["preparing"][0]: "info",
            STATES["waiting"][0]: "info", STATES["unseen"][0]: "warning",
            STATES["off"][0]: "danger", STATES["failed"][0]: "danger",
        },
    )  # fmt: skip
    def shown_state(self, domain: SenderDomain) -> str:
        return STATES[domain.state][0]

    @admin.display(description="records")
    def shown_records(self, domain: SenderDomain) -> SafeString:
        return format_html_join(
            "",
            "<p><b>{}</b>: {}<br><code>{} {}</code><br><code>{}</code>{}</p>",
            (
                (
                    record.label, record.words, record.name, record.kind, record.value,
                    _instead(record),
                )
                for record in map(Record.of, domain.records)
            ),
        )  # fmt: skip

    @admin.display(description="audit")
    def trail(self, domain: SenderDomain) -> SafeString:
        """The newest entries about it; the rest is a search in the audit."""
        rows = AuditEntry.objects.filter(object_id=str(domain.pk)).order_by("-sequence")
        lines = format_html_join(
            "",
            "{} {}, {}<br>",
            ((moment(row.at), row.action, row.actor_label) for row in rows[:SHOWN_ENTRIES]),
        )
        url = reverse("admin:audit_auditentry_changelist")
        return format_html('{}<a href="{}?q={}">All of them</a>', lines, url, domain.pk)

    def figures(self) -> list[Figure]:
        counts = {
            state: SenderDomain.objects.in_state(state).count() for state in ("failed", "off")
        }
        return [
            self.figure("Sender domains off", counts["off"], "state=off", alarm=True),
            self.figure(
                "Sender domains SendGrid refused", counts["failed"], "state=failed", alarm=True
            ),
        ]


def _instead(record: Record) -> SafeString:
    if record.state == "found" or not record.found:
        return SafeString("")
    return format_html("<br>found instead: <code>{}</code>", "; ".join(record.found))
