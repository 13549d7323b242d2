"""`/api/v1/billing/`: the subscription, as the page Settings, Billing has it."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.utils import extend_schema
from rest_framework import viewsets
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from apps.payments.api import billing_shapes as shapes
from apps.payments.catalogue import Chosen
from apps.payments.models import Account, Subscription
from apps.payments.services import (
    accounts,
    beginnings,
    billing_details,
    cancellations,
    changes,
    checkouts,
    overviews,
    pauses,
    portals,
    previews,
    retries,
)
from apps.rest.resources import Conventions
from apps.rest.strictness import Nothing

BILLING = forced_singular_serializer(shapes.BillingSerializer)  # type: ignore[no-untyped-call]
WRITES = (
    "trial", "checkout", "set_up", "conclude", "change", "unplan", "order", "set_details",
    "cancel", "keep", "stay", "pause", "resume", "portal", "retry", "drop",
)  # fmt: skip


class BillingViewSet(Conventions, viewsets.ViewSet):
    """What the workspace pays for. Pages that `url` leads to are Stripe's."""

    serializer_class = shapes.BillingSerializer
    inputs: ClassVar = {
        "trial": shapes.ChoiceInput,
        "checkout": shapes.ChoiceInput,
        "set_up": Nothing,
        "conclude": shapes.ConcludeInput,
        "preview": shapes.ChoiceInput,
        "change": shapes.ChangeInput,
        "unplan": Nothing,
        "order": shapes.OrderInput,
        "set_details": shapes.DetailsInput,
        "cancel": shapes.CancelInput,
        "keep": Nothing,
        "stay": Nothing,
        "pause": shapes.PauseInput,
        "resume": Nothing,
        "portal": Nothing,
        "retry": Nothing,
        "drop": Nothing,
    }
    asks_vendor = frozenset({"list", "preview", *WRITES})
    required_permissions: ClassVar = {
        "list": "billing.view",
        "details": "billing.view",
        "preview": "billing.view",
        **dict.fromkeys(WRITES, "billing.update"),
    }

    @property
    def account(self) -> Account:
        return accounts.of(self.tenant)

    @extend_schema(operation_id="billing", responses=BILLING)
    def list(self, request: Request, **_: Any) -> Response:
        """Plan, subscription and next charge. `renewal` is null while Stripe does not answer."""
        found = overviews.of(self.account, by=request.user)
        return Response(shapes.BillingSerializer(found).data)

    @extend_schema(responses={201: shapes.SubscriptionSerializer})
    @action(detail=False, methods=["post"])
    def trial(self, request: Request, **_: Any) -> Response:
        """Thirty days of a plan without a means of payment, once."""
        given = self._given()
        given.pop("promotion_code")
        made = beginnings.start_trial(account=self.account, by=request.user, **given)
        return self._subscription(made, status=201)

    @extend_schema(responses={201: shapes.CheckoutSerializer})
    @action(detail=False, methods=["post"])
    def checkout(self, request: Request, **_: Any) -> Response:
        """A page to pay on. Asked again for the same, it is the same page."""
        made = checkouts.begin(account=self.account, by=request.user, **self._given())
        return Response(shapes.CheckoutSerializer(made).data, status=201)

    @extend_schema(request=None, responses={201: shapes.CheckoutSerializer})
    @action(detail=False, methods=["post"], url_path="checkout/setup")
    def set_up(self, request: Request, **_: Any) -> Response:
        """A page to leave a means of payment on, in a trial say."""
        made = checkouts.begin_setup(account=self.account, by=request.user)
        return Response(shapes.CheckoutSerializer(made).data, status=201)

    @extend_schema(responses=shapes.OutcomeSerializer)
    @action(detail=False, methods=["post"], url_path="checkout/conclude")
    def conclude(self, request: Request, **_: Any) -> Response:
        """What became of a visit to a page to pay on, as Stripe says now."""
        found = checkouts.conclude(
            account=self.account, session_id=self.given["session"], by=request.user
        )
        return Response(shapes.OutcomeSerializer(found).data)

    @extend_schema(responses=shapes.PreviewSerializer)
    @action(detail=False, methods=["post"])
    def preview(self, request: Request, **_: Any) -> Response:
        """What a plan would cost, now and later; nothing is changed."""
        found = previews.preview(account=self.account, by=request.user, **self._given())
        return Response(shapes.PreviewSerializer(found).data)

    @extend_schema(responses=shapes.ChangedSerializer)
    @action(detail=False, methods=["post"])
    def change(self, request: Request, **_: Any) -> Response:
        """Another plan, interval or number of seats, as the preview showed it."""
        found = changes.apply(account=self.account, by=request.user, **self._given())
        return Response(shapes.ChangedSerializer(found).data)

    @extend_schema(request=None, responses=shapes.SubscriptionSerializer)
    @action(detail=False, methods=["post"], url_path="change/drop")
    def unplan(self, request: Request, **_: Any) -> Response:
        """Drop the change that waits for the end of the period."""
        return self._subscription(changes.drop_planned(account=self.account, by=request.user))

    @extend_schema(responses={201: shapes.SubscriptionSerializer})
    @action(detail=False, methods=["post"])
    def order(self, request: Request, **_: Any) -> Response:
        """Subscribe against an invoice that is due in thirty days."""
        made = beginnings.order(account=self.account, by=request.user, **self._given())
        return self._subscription(made, status=201)

    @extend_schema(responses=shapes.DetailsSerializer)
    @action(detail=False, methods=["get"])
    def details(self, request: Request, **_: Any) -> Response:  # noqa: ARG002
        """Who invoices are made out to."""
        return Response(shapes.DetailsSerializer(self.account).data)

    @extend_schema(request=shapes.DetailsInput, responses=shapes.DetailsSerializer)
    @details.mapping.patch
    def set_details(self, request: Request, **_: Any) -> Response:
        """Change what is named; the rest stays."""
        changed = billing_details.update(account=self.account, by=request.user, **self.given)
        return Response(shapes.DetailsSerializer(changed).data)

    @extend_schema(responses=shapes.SubscriptionSerializer)
    @action(detail=False, methods=["post"])
    def cancel(self, request: Request, **_: Any) -> Response:
        """End it when what is paid for is over; `keep` undoes it until then."""
        found = cancellations.cancel(account=self.account, by=request.user, **self.given)
        return self._subscription(found)

    @extend_schema(request=None, responses=shapes.SubscriptionSerializer)
    @action(detail=False, methods=["post"])
    def keep(self, request: Request, **_: Any) -> Response:
        """Undo `cancel`."""
        return self._subscription(cancellations.keep(account=self.account, by=request.user))

    @extend_schema(request=None, responses=shapes.SubscriptionSerializer)
    @action(detail=False, methods=["post"], url_path="offer")
    def stay(self, request: Request, **_: Any) -> Response:
        """Take the discount that is offered once to whoever wants to leave."""
        return self._subscription(cancellations.stay(account=self.account, by=request.user))

    @extend_schema(responses=shapes.SubscriptionSerializer)
    @action(detail=False, methods=["post"])
    def pause(self, request: Request, **_: Any) -> Response:
        """Charge nothing for some months, from the end of the paid period on."""
        found = pauses.pause(account=self.account, by=request.user, **self.given)
        return self._subscription(found)

    @extend_schema(request=None, responses=shapes.SubscriptionSerializer)
    @action(detail=False, methods=["post"])
    def resume(self, request: Request, **_: Any) -> Response:
        """End the pause; where it has begun, a new period is charged now."""
        return self._subscription(pauses.resume(account=self.account, by=request.user))

    @extend_schema(request=None, responses={201: shapes.PageSerializer})
    @action(detail=False, methods=["post"])
    def portal(self, request: Request, **_: Any) -> Response:
        """A page to change the means of payment on, good for minutes."""
        url = portals.open_for(account=self.account, by=request.user)
        return Response({"url": url}, status=201)

    @extend_schema(request=None, responses=shapes.UnconfirmedSerializer)
    @action(detail=False, methods=["post"], url_path="unconfirmed/retry")
    def retry(self, request: Request, **_: Any) -> Response:
        """Ask again for what Stripe did not confirm. It is done once, however often."""
        found = retries.retry(account=self.account, by=request.user)
        return Response(shapes.UnconfirmedSerializer(found).data)

    @extend_schema(request=None, responses={204: None})
    @action(detail=False, methods=["post"], url_path="unconfirmed/drop")
    def drop(self, request: Request, **_: Any) -> Response:
        """Look what became of it, and do not ask again."""
        retries.drop(account=self.account, by=request.user)
        return Response(status=204)

    def _given(self) -> dict[str, Any]:
        """What was sent, the choice put together."""
        given = dict(self.given)
        chosen = Chosen(given.pop("plan"), given.pop("interval"), given.pop("seats"))
        return {"chosen": chosen, **given}

    def _subscription(self, found: Subscription, status: int = 200) -> Response:
        return Response(shapes.SubscriptionSerializer(found).data, status=status)
