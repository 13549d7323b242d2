"""Workspaces as customers: their row here, their customer at Stripe, the plan they paid for."""

from __future__ import annotations

from typing import Any, Final

from django.db import transaction
from django.db.models import Q

from apps.payments import stripe_api, taxes
from apps.payments.models import Account, DunningCase, Invoice, Subscription
from apps.payments.services import objects
from apps.payments.services.sweeps import for_each
from apps.payments.signals import account_settled
from apps.tenants.models import Tenant
from apps.usage.plans import FREE
from apps.usage.services import plan_changes, terms

# The name of a field on invoices: at most 40 letters, and what it holds 140.
PURCHASE_ORDER: Final = "Purchase order"


def of(tenant: Tenant) -> Account:
    """The workspace's account, made at its first use."""
    found, _ = Account.objects.get_or_create(
        tenant=tenant,
        defaults={
            "schema_name": tenant.schema_name,
            "name": tenant.name,
            "billing_email": tenant.email,
        },
    )
    return found


def connect(account: Account, *, clock_id: str = "", key: str = "") -> Account:
    """Have Stripe know the customer; does nothing where it does. `clock_id`: a test clock to live
    by. Repeated with the same `key` (that of an attempt, which becomes another once Stripe broke)
    it makes one customer. Raises `StripeError`.
    """
    if account.customer_id:
        return account
    wish: dict[str, Any] = {**details(account)}
    if clock_id:
        wish["test_clock"] = clock_id
    before = account.former_customers.count()
    if before:
        wish |= _kept(account)
    again = f"-{before}" if before else ""
    options = {"idempotency_key": f"customer-{key or account.pk}-{clock_id}{again}"}
    customer = stripe_api.call(lambda api: api.customers.create(wish, options))
    Account.objects.filter(pk=account.pk, customer_id__isnull=True).update(
        customer_id=customer["id"], clock_id=clock_id
    )
    account.refresh_from_db()
    objects.fetch("customer", str(account.customer_id), account)
    account.refresh_from_db()
    return account


def _kept(account: Account) -> dict[str, Any]:
    """What the customer before was told of beside `details`."""
    found: dict[str, Any] = {}
    if account.vat_id:
        value = taxes.stripe_value(account.vat_id, country=account.country)
        kind = taxes.stripe_type(account.country)
        found["tax_id_data"] = [{"type": kind, "value": value}]
    if account.purchase_order:
        order = {"name": PURCHASE_ORDER, "value": account.purchase_order}
        found["invoice_settings"] = {"custom_fields": [order]}
    return found


def details(account: Account) -> dict[str, Any]:
    """What Stripe is told of a customer: https://docs.stripe.com/api/customers/create."""
    address = {
        key: getattr(account, key)
        for key in ("line1", "line2", "postal_code", "city", "state", "country")
    }
    wish: dict[str, Any] = {
        "name": account.legal_name or account.name,
        "email": account.billing_email,
        "metadata": {
            "toolboxai_account": str(account.pk),
            "djstripe_subscriber": str(account.tenant_id or ""),
        },
    }
    if any(address.values()):
        wish["address"] = address
    return wish


def settle(account: Account) -> Account:
    """Give the workspace the plan that its subscriptions grant, and tell who waits for it. Call it
    after each change of the account's rows; it may be repeated. Who pauses has the free plan from
    when the pause begins to when it is over: what is not paid for is not given.
    """
    with transaction.atomic():
        account = Account.objects.lock(account.pk)
        granting = _granting(account)
        plan, seats = (granting.plan, granting.seats) if granting else (FREE.slug, 0)
        tenant = account.tenant
        known = terms.of(tenant).seats if tenant is not None else seats
        if plan != account.plan or seats != known:
            account.plan = plan
            account.save(update_fields=["plan"])
            if tenant is not None:
                plan_changes.change(tenant=tenant, plan=plan, seats=seats, by=None, at=account.now)
        account_settled.send(sender=Account, account=account)
    return account


def settle_all() -> int:
    """`settle` each account to which time alone brings something: dunning's next step, a pause that
    begins or is over, a mail before something ends or renews. Returns how many there are. What goes
    wrong with one holds up nobody else; it is raised when all others are settled.
    """
    live = Subscription.objects.live().values("account")
    owed = Invoice.objects.owed().values("account")
    chased = DunningCase.objects.open().values("account")
    found = Account.objects.filter(Q(pk__in=live) | Q(pk__in=owed) | Q(pk__in=chased))
    return for_each(found.order_by("pk").iterator(), settle)


def _granting(account: Account) -> Subscription | None:
    now = account.now
    newest = account.subscriptions.granting().order_by("-created_at")
    return next((one for one in newest if not one.rests(now)), None)
