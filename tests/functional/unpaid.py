"""A customer who stops paying, on a test clock of the sandbox's Stripe. Runs inside the product:
`manage.py shell -c "from tests.functional import unpaid; …"`.
"""

from __future__ import annotations

import sys

from allauth.account.models import EmailAddress

from apps.accounts.models import User
from apps.payments import stripe_api
from apps.payments.catalogue import Chosen
from apps.payments.models import Account
from apps.payments.rehearsal import stage
from apps.payments.rehearsal.stage import Stage
from apps.payments.rehearsal.story import FAILS_LATER
from apps.payments.services import beginnings
from apps.tenants.models import Tenant


def begin(password: str) -> None:
    """Says the slug of a workspace whose trial ends with a card that is refused, and its owner."""
    made = stage.build()
    made.owner.set_password(password)
    made.owner.save()
    EmailAddress.objects.update_or_create(
        user=made.owner, email=made.owner.email, defaults={"verified": True, "primary": True}
    )
    chosen = Chosen("school", "month", 0)
    beginnings.start_trial(account=made.account, chosen=chosen, by=made.owner)
    made.catch_up()
    made.use_method(FAILS_LATER)
    made.go_to(31)
    sys.stdout.write(f"{made.tenant.slug} {made.owner.email}\n")


def wait(slug: str, email: str, days: int) -> None:
    """Nothing is paid for that many days."""
    tenant, owner = Tenant.objects.get(slug=slug), User.objects.get(email=email)
    account = Account.objects.select_related("tenant").get(tenant=tenant)
    newest = stripe_api.request("events", limit=1)["data"][0]["id"]
    Stage(tenant, owner, account, account.now, (owner, owner), newest).go_to(days)
