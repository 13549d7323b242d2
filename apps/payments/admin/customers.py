"""Customers: found by anything one has in hand, each with their whole story."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery, Sum
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString

from apps.core.operator_admin import DetailedModelAdmin
from apps.payments.admin import business, links
from apps.payments.admin.money_deeds import CREDIT, INVOICE_DEEDS, REFUND
from apps.payments.models import Account, Subscription
from apps.payments.money import text
from apps.payments.services import customer_search, missing_vat, stories

SHOWN = 5


@admin.register(Account)
class AccountAdmin(DetailedModelAdmin):
    """The search is `customer_search.find`, whose help stands on the page."""

    list_display = (
        "name", "legal_name", "plan", "subscribed", "owes", "credit", "country", "workspace",
        "created_at",
    )  # fmt: skip
    list_filter = ("plan", "collection", "country", "subscriptions__status", "created_at")
    search_fields = ("name",)
    search_help_text = "Name, mail, invoice, Stripe id, card: 4242 2026-11-27"
    list_select_related = ("tenant",)
    list_per_page = 50
    actions: ClassVar[list[Any]] = [CREDIT.as_action()]
    change_form_outer_before_template = "operator/_customer.html"
    fields = (
        "name", "workspace", "schema", "stripe_link", "plan", "collection", "credit",
        "trial_used_at", "legal_name", "billing_email", "line1", "line2", "postal_code", "city",
        "state_or_province", "country", "vat_id", "purchase_order", "clock_id", "simulated_at",
        "created_at",
    )  # fmt: skip

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        newest = Subscription.objects.filter(account=OuterRef("pk")).order_by("-created_at")
        owed = (
            Account.objects.filter(pk=OuterRef("pk"), invoices__status="open")
            .values("pk")
            .annotate(sum=Sum("invoices__amount_remaining"))
        )
        found: QuerySet[Any] = super().get_queryset(request)
        stated: QuerySet[Any] = found.annotate(
            newest_status=Subquery(newest.values("status")[:1]), owed=Subquery(owed.values("sum"))
        )
        return stated

    def get_search_results(
        self,
        request: HttpRequest,  # noqa: ARG002
        queryset: QuerySet[Account],
        search_term: str,
    ) -> tuple[QuerySet[Account], bool]:
        if not search_term.strip():
            return queryset, False
        return customer_search.find(search_term, among=queryset), True

    def get_urls(self) -> list[Any]:
        return [*business.urls(self), *super().get_urls()]

    def details(self, request: HttpRequest, row: Any) -> dict[str, Any]:
        return _story(row, request.GET.get("kind", ""))

    @admin.display(description="subscription", ordering="newest_status")
    def subscribed(self, row: Any) -> str:
        return dict(Subscription.Status.choices).get(row.newest_status, "none")

    @admin.display(description="owes", ordering="owed")
    def owes(self, row: Any) -> str:
        return text(row.owed, row.currency) if row.owed else ""

    @admin.display(description="credit", ordering="balance")
    def credit(self, row: Account) -> str:
        return text(-row.balance, row.currency) if row.balance else ""

    @admin.display(description="workspace")
    def workspace(self, row: Account) -> SafeString | str:
        if row.tenant is None:
            return "gone"
        url = reverse("admin:tenants_tenant_change", args=[row.tenant_id])
        return format_html('<a class="underline" href="{}">{}</a>', url, row.tenant.slug)

    @admin.display(description="schema")
    def schema(self, row: Account) -> str:
        return row.schema_name

    @admin.display(description="at Stripe")
    def stripe_link(self, row: Account) -> SafeString:
        return links.at_stripe(row)

    @admin.display(description="state or province")
    def state_or_province(self, row: Account) -> str:
        return row.state


def _story(account: Account, kind: str) -> dict[str, Any]:
    kinds = [(key, title) for key, (title, _) in stories.KINDS.items()]
    kinds.append((stories.ALL, "Everything with events"))
    found = account.subscriptions.defer("data").order_by("-created_at")[:SHOWN]
    return {
        "account": account,
        "stripe_url": links.address(account),
        "subscriptions": [(one, text(one.amount, one.currency)) for one in found],
        "owed": [
            (one, text(one.amount_remaining, one.currency))
            for one in account.invoices.owed().defer("data")
        ],
        "payments": account.payments.filter(status="succeeded").defer("data")[:SHOWN],
        "kinds": kinds,
        "kind": kind if kind in dict(kinds) else "",
        "story": stories.of(account, kind),
        "missing_vat": missing_vat.of(account),
        "credit_deed": CREDIT,
        "refund_deed": REFUND,
        "invoice_deeds": INVOICE_DEEDS,
    }
