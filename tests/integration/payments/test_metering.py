"""Use beyond the plan: allowed within what the customer chose, told Stripe once, on the invoice."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.utils import timezone

from apps.core.errors import Invalid
from apps.mail.models import Message, Wishes
from apps.payments import stripe_api
from apps.payments.errors import StripeError
from apps.payments.models import Subscription, UsageReport
from apps.payments.services import (
    beyond_notices,
    catalogue_sync,
    metering,
    paused_use,
    pauses,
    prices,
    sync,
    tax_rates,
)
from apps.usage import plans
from apps.usage.errors import LimitReached
from apps.usage.models import UsageDay, WorkspacePlan
from apps.usage.plans import GB
from apps.usage.services import beyond, limits, plan_changes, usage
from apps.usage.services.readings import month_of
from tests.factories.unpaid import Debtor

pytestmark = pytest.mark.django_db


@pytest.fixture
def use(alpha):
    """`use(deployments=2100)`: so many today, instead of before."""

    def note(day=None, **amounts):
        for metric, amount in amounts.items():
            UsageDay.objects.update_or_create(
                schema_name=alpha.schema_name, metric=metric, day=day or usage.today(),
                source="", defaults={"amount": amount},
            )  # fmt: skip

    return note


@pytest.fixture
def paying(alpha, owner):
    """Alpha on Starter, pays for more: at most 5 euros a month."""
    plan_changes.change(tenant=alpha, plan="starter", by=None)
    beyond.choose(tenant=alpha, pays=True, most=5_00, by=owner)
    return alpha


class TestLimits:
    def test_what_is_paid_for_is_let_through_up_to_the_most(self, paying, use, owner):
        use(deployments=2_000)
        limits.require("deployments", tenant=paying)
        assert limits.state("deployments_month", tenant=paying).most == 2_000 + 250
        use(mails=16_000)  # a thousand more: one euro of the five
        assert limits.state("deployments_month", tenant=paying).most == 2_000 + 200
        use(deployments=2_200)
        with pytest.raises(LimitReached):
            limits.require("deployments", tenant=paying)
        beyond.choose(tenant=paying, pays=True, most=None, by=owner)
        assert limits.state("deployments_month", tenant=paying).most == 20_000
        beyond.choose(tenant=paying, pays=False, most=None, by=owner)
        assert limits.state("deployments_month", tenant=paying).most == 2_000

    def test_nothing_goes_beyond_what_has_no_limit(self, paying, use, monkeypatch):
        monkeypatch.setitem(plans.PLANS, "starter", replace(plans.STARTER, limits={}))
        use(deployments=5_000)
        limits.require("deployments", tenant=paying)
        assert beyond.of(paying) == []

    def test_the_free_plan_has_no_more(self, alpha, owner):
        with pytest.raises(Invalid):
            beyond.choose(tenant=alpha, pays=True, most=None, by=owner)
        WorkspacePlan.objects.filter(tenant=alpha).update(pays_beyond=True)
        assert limits.state("deployments_month", tenant=alpha).most == 300


def test_of_files_the_average_of_the_month_counts(paying, use):
    first = month_of(usage.today()).replace(month=2, year=2027)
    use(day=first, storage_bytes=48 * GB)  # 28 more than the plan's 20
    storage = beyond.of(paying, today=first.replace(day=14))[1]
    assert (storage.units, storage.cost) == (14, 1_40)
    assert beyond.of(paying, today=first.replace(day=28))[1].units == 28


class TestReporting:
    @pytest.fixture
    def account(self, billing, paying):
        for one in catalogue_sync.compare():
            if one.kind in {"meter", "product"} or one.key.startswith("starter_month"):
                one.carry_out()
        account = billing.connect()
        items = prices.items("starter", "month")
        billing.stripe.api.subscriptions.create({"customer": account.customer_id, "items": items})
        billing.sync("subscription")
        return billing.account

    def total(self, account):
        day = 24 * 3600
        now = int(timezone.now().timestamp()) // day * day
        (meter,) = (m for m in stripe_api.pages("billing/meters") if "deploy" in m["event_name"])
        found = stripe_api.request(
            f"billing/meters/{meter['id']}/event_summaries",
            params=None, customer=account.customer_id, start_time=now - day, end_time=now + day,
        )  # fmt: skip
        return found["data"][0]["aggregated_value"]

    def test_each_unit_is_told_once_whatever_breaks(self, account, use, monkeypatch):
        use(deployments=2_010)
        metering.report(account)  # what was used before it was paid for
        assert UsageReport.objects.get(meter="deployments").waived
        use(deployments=2_050)
        sent, original = [], stripe_api.call

        def dies_after(deed):
            sent.append(original(deed))
            raise StripeError("the answer was lost")

        monkeypatch.setattr(stripe_api, "call", dies_after)
        with pytest.raises(StripeError):
            metering.report(account)
        monkeypatch.undo()
        assert metering.report_all() == 1  # the same event again, which Stripe knows
        assert self.total(account) == 40
        assert metering.report(account) == 0
        use(deployments=2_045)  # a correction is set off against what comes
        assert metering.report(account) == 0
        use(deployments=2_060)
        assert metering.report(account) == 1
        assert self.total(account) == 50
        assert metering.of(account.tenant).cost == 50 * 2

    def test_another_plan_charges_nothing_of_what_was_included(self, account, use, billing):
        use(deployments=3_000)
        metering.report(account)
        plan_changes.change(tenant=account.tenant, plan="school", by=None)
        metering.report(account)
        use(deployments=10_005)
        assert metering.report(account) == 1
        assert self.total(account) == 5


class TestPage:
    def test_an_owner_looks_and_decides(self, alpha, browse, owner, use):
        plan_changes.change(tenant=alpha, plan="starter", by=None)
        use(deployments=2_100)
        browser = browse(owner)
        page = browser.get("/settings/billing/beyond/").content.decode()
        assert "€0.02 a deployment" in page
        assert "2,100" in page
        browser.post("/settings/billing/beyond/", {"pays": "on", "most": "12.50"})
        row = WorkspacePlan.objects.get(tenant=alpha)
        assert (row.pays_beyond, row.most_beyond) == (True, 12_50)
        wrong = browser.post("/settings/billing/beyond/", {"pays": "on", "most": "-1"})
        assert wrong.status_code == 422

    def test_over_the_api(self, alpha, browse, owner):
        browser = browse(owner)
        wish = {"pays": True, "most": 500}
        path = "/api/v1/billing/beyond/"
        refused = browser.put(path, wish, content_type="application/json")
        assert (refused.status_code, refused.json()["code"]) == (422, "invalid")
        plan_changes.change(tenant=alpha, plan="school", by=None)
        found = browser.put(path, wish, content_type="application/json").json()
        assert (found["pays"], found["most"], found["cost"]) == (True, 500, 0)
        assert browser.get(path).json() == found

    def test_nobody_else(self, browse, teacher, outsider, alpha):
        for person in (teacher, outsider):
            assert browse(person).get("/settings/billing/beyond/").status_code == 403
            assert browse(person).get("/api/v1/billing/beyond/").status_code in {403, 404}


class TestNotices:
    @pytest.fixture
    def account(self, alpha, owner):
        """Alpha on Starter by a subscription, pays for more: at most 5 euros a month."""
        debtor = Debtor(alpha, plan="starter")
        debtor.invoice.delete()
        Subscription.objects.update(status="active")
        plan_changes.change(tenant=alpha, plan="starter", by=None)
        metering.choose(tenant=alpha, pays=True, most=5_00, by=owner)
        debtor.account.refresh_from_db()
        return debtor.account

    def told(self, account):
        for _ in range(2):
            metering.note(account, account.now.date())
            beyond_notices.tell_all()
        return list(account.notices.order_by("created_at", "key").values_list("key", flat=True))

    def test_each_thing_is_told_once_a_month_when_it_begins_to_be_charged(
        self, account, use, owner
    ):
        Wishes.objects.create(user=owner, language="de")
        use(deployments=2_000)
        assert self.told(account) == []
        use(deployments=2_012)
        month = f"{usage.today():%Y-%m}"
        assert self.told(account) == [f"mail/beyond_begun:deployments:{month}"]
        text = Message.objects.get(template="mail/beyond_begun").text
        for words in (
            "an Bereitstellungen enthält", "0,02\N{NO-BREAK SPACE}€ pro Stück", "Verbraucht: 2.012",
            "Bisher berechnet: 0,24\N{NO-BREAK SPACE}€", "höchstens 5,00\N{NO-BREAK SPACE}€",
        ):  # fmt: skip
            assert words in text
        use(mails=15_001)
        assert self.told(account)[1:] == [f"mail/beyond_begun:mails:{month}"]

    def test_the_limit_is_told_when_it_is_near_and_when_it_is_reached(self, account, use, owner):
        def steps():
            keys = self.told(account)
            return [key.split(":")[1] for key in keys if key.startswith("mail/beyond_limit")]

        use(deployments=2_199)
        assert steps() == []
        use(deployments=2_200)
        assert steps() == ["80"]
        use(deployments=2_250)
        assert steps() == ["80", "100"]
        use(deployments=2_210)
        assert steps() == ["80", "100"]
        metering.choose(tenant=account.tenant, pays=True, most=5_10, by=owner)
        assert steps() == ["80", "100", "80"]

    def test_pages_say_how_far_it_is(self, account, use, browse, owner):
        use(deployments=2_250)
        metering.note(account, account.now.date())
        for path in ("/settings/billing/", "/settings/billing/beyond/"):
            page = browse(owner).get(path).content.decode()
            assert "The spending limit of €5.00 is reached" in page
        assert browse(owner).get("/api/v1/billing/beyond/").json()["spent"] == 500

    def test_in_a_trial_nothing_goes_beyond(self, account, owner, browse):
        Subscription.objects.update(status="trialing")
        with pytest.raises(Invalid) as refused:
            metering.choose(tenant=account.tenant, pays=True, most=None, by=owner)
        assert "In a trial" in refused.value.errors["pays"][0]
        page = browse(owner).get("/settings/billing/beyond/").content.decode()
        assert "In a trial there is no more than the plan includes" in page

    def test_each_metered_thing_has_words(self):
        for one in plans.BEYOND.values():
            assert one.meter in beyond_notices.NAMES
            assert "€" in beyond_notices.price(one)


def test_a_report_that_stripe_refuses_holds_up_no_other(shop, sandbox_process):
    account = shop.connect(card="")
    about = {"meter": "deployments", "month": month_of(usage.today()), "plan": "starter"}
    for units in (3, 4):
        UsageReport.objects.create(account=account, units=units, at=timezone.now(), **about)
    sandbox_process.faults("POST /v1/billing/meter_events", status=400)
    assert metering.report(account) == 1
    assert list(account.usage_reports.filter(sent_at=None).values_list("units", flat=True)) == [3]
    assert (metering.report(account), metering.report(account)) == (1, 0)


def test_what_is_told_after_the_renewal_is_on_the_next_invoice(shop, owner, sandbox_process):
    account = shop.connect(clock=True)
    items = prices.items("starter", "month")
    shop.stripe.api.subscriptions.create({"customer": account.customer_id, "items": items})
    shop.sync()
    about = {"meter": "deployments", "month": month_of(shop.account.now.date()), "plan": "starter"}
    UsageReport.objects.create(account=account, units=30, at=shop.account.now, **about)
    sandbox_process.faults("POST /v1/billing/meter_events", status=500)
    with pytest.raises(StripeError):
        metering.report(shop.account)
    end = shop.account.subscription.period_end
    shop.go(end, hours=40 * 24)  # Stripe is away for longer than it takes old events
    assert metering.report(shop.account) == 1
    account = shop.go(shop.account.subscription.period_end)
    first = account.invoices.order_by("-created_at").first()
    lines = {line["quantity"]: line["amount"] for line in first.data["lines"]["data"]}
    assert lines[30] == 60


def test_what_was_used_before_a_pause_is_charged_when_it_begins(shop, owner, sandbox_process):
    account = shop.connect(clock=True)
    wish = {
        "customer": account.customer_id, "items": prices.items("starter", "month"),
        "default_tax_rates": tax_rates.ids_of(account),
    }  # fmt: skip
    shop.stripe.api.subscriptions.create(wish)
    shop.sync()
    about = {"meter": "deployments", "month": month_of(shop.account.now.date()), "plan": "starter"}
    UsageReport.objects.create(account=account, units=30, at=shop.account.now, **about)
    metering.report(shop.account)
    before, start = shop.taken, shop.account.subscription.period_end
    pauses.pause(account=shop.account, months=1, by=owner)
    account = shop.go(start)
    void = account.invoices.get(status="void")
    (line,) = [one for one in void.data["lines"]["data"] if one["quantity"] == 30]
    sandbox_process.faults("POST /v1/invoiceitems", kind="drop", taken=True)
    with pytest.raises(StripeError):
        paused_use.bill(shop.account)
    shop.sync("invoice")  # what was begun is heard of
    (ident,) = paused_use.bill(shop.account)
    assert paused_use.bill(shop.account) == []
    assert len(shop.stripe.api.invoices.retrieve(ident).lines.data) == 1
    account = shop.go(start, hours=4)
    made = account.invoices.get(pk=ident)
    assert (made.status, made.subtotal, made.tax) == ("paid", 60, 11)
    assert (shop.taken - before, made.data["lines"]["data"][0]["description"]) == (
        71, line["description"],
    )  # fmt: skip
    account = shop.go(shop.account.subscription.resumes_at, hours=-1)
    sync.sync(customer_id=account.customer_id)
    assert shop.taken - before == 71
