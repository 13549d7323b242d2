"""Owners hear that use beyond the plan begins to be charged, and how far their spending limit is
used: once for each thing and month, and once for each step to a limit that was set.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from apps.core.money import Money, number
from apps.payments.catalogue import CURRENCY
from apps.payments.models import Account
from apps.payments.services import metering, notices
from apps.payments.services.sweeps import for_each
from apps.tenants.models import Tenant
from apps.usage.plans import Beyond
from apps.usage.services import beyond, limits, terms
from apps.usage.services.beyond import Part
from apps.usage.services.limits import REACHED, Spending
from apps.usage.services.readings import month_of

BEGUN: Final = "mail/beyond_begun"
MOST: Final = "mail/beyond_limit"
# By the meter of `usage.plans.BEYOND`.
NAMES: Final = {
    "deployments": gettext_noop("deployments"),
    "storage": gettext_noop("files"),
    "mails": gettext_noop("mails"),
}
PRICES: Final = {
    "deployments": gettext_noop("%(price)s for each"),
    "storage": gettext_noop("%(price)s for a GB and month"),
    "mails": gettext_noop("%(price)s for %(number)s mails"),
}


def tell_all() -> int:
    """All accounts that pay for more; returns how many there are."""
    paying = Account.objects.connected().filter(tenant__workspace_plan__pays_beyond=True)
    return for_each(paying.select_related("tenant").order_by("pk"), tell)


def tell(account: Account) -> None:
    """What there is to be told of this month, as far as `metering` has written it down."""
    tenant = account.tenant
    if tenant is None or not metering.is_metered(account):
        return
    today = account.now.date()
    charged = metering.billed(account, month_of(today))
    if any(charged.values()):
        for part in beyond.of(tenant, today=today):
            if units := charged.get(part.beyond.meter):
                _tell_of_begin(account, part, units, today)
    spending = limits.spending(tenant)
    if spending is not None and spending.threshold:
        _tell_of_most(account, spending, today)


def price(one: Beyond) -> str:
    """What a unit costs, as the active language writes it: `€0.02 for each`."""
    amount = Money(int(one.amount * one.told), CURRENCY)
    return _(PRICES[one.meter]) % {"price": amount, "number": number(one.told)}


def _tell_of_begin(account: Account, part: Part, units: int, today: date) -> None:
    most = terms.of(account.tenant).most_beyond if account.tenant else None
    notices.tell(
        account=account, template=BEGUN, key=f"{part.beyond.meter}:{today:%Y-%m}",
        context=lambda: {
            "what": _(NAMES[part.beyond.meter]), "price": price(part.beyond),
            "used": part.used_text, "included": part.included_text,
            "cost": Money(beyond.cost_of({part.beyond.key: units}), CURRENCY),
            **_about(account.tenant, most, today),
        },
    )  # fmt: skip


def _tell_of_most(account: Account, spending: Spending, today: date) -> None:
    month = f"{today:%Y-%m}:{spending.most}"
    reached = f"{REACHED}:{month}"
    if spending.threshold < REACHED and account.notices.filter(key=f"{MOST}:{reached}").exists():
        return  # it was reached, and something was removed since
    notices.tell(
        account=account, template=MOST, key=f"{spending.threshold}:{month}",
        context=lambda: {
            "threshold": spending.threshold, "percent": spending.percent,
            "spent": Money(int(spending.spent), CURRENCY),
            **_about(account.tenant, spending.most, today),
        },
    )  # fmt: skip


def _about(tenant: Tenant | None, most: int | None, today: date) -> dict[str, Any]:
    return {
        "most": None if most is None else Money(most, CURRENCY),
        "begins_anew": metering.next_month(today),
        "beyond_url": f"{tenant.url if tenant else ''}/settings/billing/beyond/",
    }
