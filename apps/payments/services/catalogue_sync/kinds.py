"""What there is to be at Stripe, kind by kind in the order in which it is made, and how to read,
make, change and archive it there.

Ours is what carries `catalogue.MARK` in its metadata; nothing else is looked at. Meters have no
metadata, so there the name of the events says it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from operator import attrgetter
from typing import Any

from apps.payments import catalogue, stripe_api, taxes
from apps.payments.catalogue import MARK

Document = Mapping[str, Any]
Fields = dict[str, Any]
PORTAL = "portal"


@dataclass(frozen=True)
class Kind:
    """`wanted`: by our key the fields as `shown` has them of what Stripe holds. Of the `fixed` ones
    none can be changed there: another value is another object, and the one before is archived.
    """

    name: str
    wanted: Mapping[str, Fields]
    fixed: frozenset[str]
    read: Callable[[], Iterable[Document]]
    shown: Callable[[Document], Fields]
    key: Callable[[Document], str]
    create: Callable[[str, Fields], Any]
    change: Callable[[Document, Fields], Any]
    archive: Callable[[Document], Any]
    hands_over: bool = False  # the new one is made before the old one goes, and takes its name


def kinds(*, seller: str) -> tuple[Kind, ...]:
    """`seller`: the country whose VAT is domestic."""
    return (
        _products(), _meters(), _prices(), _tax_rates(seller), _coupons(), _promotion_codes(),
        _portal(),
    )  # fmt: skip


def _mark(document: Document) -> str:
    return str((document.get("metadata") or {}).get(MARK, ""))


def _marked(key: str) -> Fields:
    return {"metadata": {MARK: key}}


def _all(path: str, **params: Any) -> Callable[[], Iterable[Document]]:
    return lambda: stripe_api.pages(path, **params)


@dataclass(frozen=True)
class _Service:
    """A part of Stripe's client (`products`, `billing.meters`), each call through `stripe_api`."""

    path: str

    def __getattr__(self, deed: str) -> Callable[..., Any]:
        return lambda *given: stripe_api.call(
            lambda api: getattr(attrgetter(self.path)(api), deed)(*given)
        )


def _picked(*names: str) -> Callable[[Document], Fields]:
    return lambda document: {name: document.get(name) for name in names}


def _products() -> Kind:
    service = _Service("products")
    return Kind(
        name="product",
        wanted={
            one.id: {"name": one.name, "description": one.text, "unit_label": one.unit or None,
                     "active": True}
            for one in catalogue.PRODUCTS.values()
        },
        fixed=frozenset(),
        read=_all("products"),
        shown=_picked("name", "description", "unit_label", "active"),
        key=_mark,
        create=lambda key, fields: service.create({"id": key, **_given(fields), **_marked(key)}),
        change=lambda found, fields: service.update(found["id"], _blanked(fields)),
        archive=lambda found: service.update(found["id"], {"active": False}),
    )  # fmt: skip


def _meters() -> Kind:
    service = _Service("billing.meters")

    def change(found: Document, fields: Fields) -> None:
        if "active" in fields:
            service.reactivate(found["id"])
        if "display_name" in fields:
            service.update(found["id"], {"display_name": fields["display_name"]})

    return Kind(
        name="meter",
        wanted={
            one.event: {"display_name": one.name, "formula": "sum", "active": True}
            for one in catalogue.METERS.values()
        },
        fixed=frozenset({"formula"}),
        read=_all("billing/meters"),
        shown=lambda found: {
            "display_name": found["display_name"],
            "formula": found["default_aggregation"]["formula"],
            "active": found["status"] == "active",
        },
        key=lambda found: (
            found["event_name"] if str(found["event_name"]).startswith(f"{MARK}_") else ""
        ),
        create=lambda key, fields: service.create(
            {
                "event_name": key,
                "display_name": fields["display_name"],
                "default_aggregation": {"formula": fields["formula"]},
            }
        ),
        change=change,
        archive=lambda found: service.deactivate(found["id"]),
    )


def _prices() -> Kind:
    service = _Service("prices")

    def create(key: str, fields: Fields) -> Any:
        recurring: Fields = {"interval": fields["interval"]}
        if fields["meter"]:
            active = _all("billing/meters", status="active")()
            meter = next(one["id"] for one in active if one["event_name"] == fields["meter"])
            recurring |= {"usage_type": "metered", "meter": meter}
        return service.create(
            {
                "currency": fields["currency"],
                "product": fields["product"],
                "unit_amount_decimal": fields["amount"],
                "recurring": recurring,
                "nickname": fields["nickname"],
                "tax_behavior": fields["tax_behavior"],
                "lookup_key": key,
                "transfer_lookup_key": True,
                **_marked(key),
            }
        )

    def change(found: Document, fields: Fields) -> Any:
        moved = {"transfer_lookup_key": True} if "lookup_key" in fields else {}
        return service.update(found["id"], {**fields, **moved})

    return Kind(
        name="price",
        wanted={key: _price(one) for key, one in catalogue.PRICES.items()},
        fixed=frozenset({"currency", "product", "amount", "interval", "meter", "tax_behavior"}),
        read=_read_prices,
        shown=lambda found: {
            **_picked("currency", "product", "nickname", "tax_behavior", "meter", "lookup_key",
                      "active")(found),
            "amount": _decimal(found["unit_amount_decimal"]),
            "interval": (found["recurring"] or {}).get("interval"),
        },
        key=_mark,
        create=create,
        change=change,
        archive=lambda found: service.update(found["id"], {"active": False}),
        hands_over=True,
    )  # fmt: skip


def _read_prices() -> Iterable[Document]:
    """All of them; the archived ones as well, for one that is to be again as it was."""
    names = {one["id"]: one["event_name"] for one in _all("billing/meters")()}
    for one in _all("prices")():
        meter = (one["recurring"] or {}).get("meter")
        yield {**one, "meter": names.get(meter, "") if meter else ""}


def _price(one: catalogue.Price) -> Fields:
    return {
        "amount": _decimal(one.amount),
        "interval": one.interval,
        "currency": catalogue.CURRENCY,
        "product": one.product,
        "meter": one.meter,
        "nickname": one.nickname,
        "tax_behavior": "exclusive",
        "lookup_key": one.key,
        "active": True,
    }


def _decimal(amount: Decimal | str | None) -> str:
    return "" if amount is None else f"{Decimal(amount).normalize():f}"


def _tax_rates(seller: str) -> Kind:
    service = _Service("tax_rates")
    names = ("display_name", "description", "percentage", "inclusive", "country", "active")
    return Kind(
        name="tax rate",
        wanted={
            one.key: {
                "display_name": "VAT",
                "description": one.label,
                "percentage": float(one.percentage),
                "inclusive": False,
                "country": one.country if one.percentage else None,
                "active": True,
            }
            for one in taxes.every(seller=seller)
        },
        fixed=frozenset({"percentage", "inclusive"}),
        read=_all("tax_rates"),
        shown=_picked(*names),
        key=_mark,
        create=lambda key, fields: service.create(
            {**_given(fields), "tax_type": "vat", **_marked(key)}
        ),
        change=lambda found, fields: service.update(found["id"], _blanked(fields)),
        archive=lambda found: service.update(found["id"], {"active": False}),
    )


def _coupons() -> Kind:
    service = _Service("coupons")
    names = ("name", "percent_off", "duration", "duration_in_months")
    return Kind(
        name="coupon",
        wanted={
            one.id: {"name": one.name, "percent_off": float(one.percent),
                     "duration": "repeating" if one.months else "once",
                     "duration_in_months": one.months or None, "active": True}
            for one in catalogue.COUPONS.values()
        },
        fixed=frozenset({"percent_off", "duration", "duration_in_months"}),
        read=_all("coupons"),
        shown=lambda found: {**_picked(*names)(found), "active": True},
        key=_mark,
        create=lambda key, fields: service.create(
            {"id": key, **_given(_without_active(fields)), **_marked(key)}
        ),
        change=lambda found, fields: service.update(found["id"], fields),
        archive=lambda found: service.delete(found["id"]),
    )  # fmt: skip


def _promotion_codes() -> Kind:
    service = _Service("promotion_codes")
    return Kind(
        name="promotion code",
        wanted={
            one.code: {"coupon": one.id, "active": True}
            for one in catalogue.COUPONS.values()
            if one.code
        },
        fixed=frozenset({"coupon"}),
        read=_all("promotion_codes"),
        shown=lambda found: {"coupon": found["promotion"]["coupon"], "active": found["active"]},
        key=_mark,
        create=lambda key, fields: service.create(
            {
                "code": key,
                "promotion": {"type": "coupon", "coupon": fields["coupon"]},
                **_marked(key),
            }
        ),
        change=lambda found, fields: service.update(found["id"], fields),
        archive=lambda found: service.update(found["id"], {"active": False}),
    )


def _portal() -> Kind:
    """Stripe's own pages are for cards and addresses. Plans are changed and cancelled on ours,
    which show what will be charged and ask why.
    """
    service = _Service("billing_portal.configurations")
    switched = ("payment_method_update", "invoice_history", "subscription_cancel",
                "subscription_update")  # fmt: skip
    wanted = {
        "headline": "ToolBoxAI: how you pay",
        "updates": ["address", "email", "name", "tax_id"],
        "on": ["invoice_history", "payment_method_update"],
        "active": True,
    }

    def params(fields: Fields) -> Fields:
        return {
            "business_profile": {"headline": fields["headline"]},
            "features": {
                **{name: {"enabled": name in fields["on"]} for name in switched},
                "customer_update": {"enabled": True, "allowed_updates": fields["updates"]},
            },
        }

    def shown(found: Document) -> Fields:
        features = found["features"]
        return {
            "headline": found["business_profile"]["headline"],
            "updates": sorted(features["customer_update"]["allowed_updates"]),
            "on": sorted(name for name in switched if features[name]["enabled"]),
            "active": found["active"],
        }

    return Kind(
        name="portal",
        wanted={PORTAL: wanted},
        fixed=frozenset(),
        read=_all("billing_portal/configurations"),
        shown=shown,
        key=_mark,
        create=lambda key, fields: service.create({**params(fields), **_marked(key)}),
        change=lambda found, _fields: service.update(
            found["id"], {**params(wanted), "active": True}
        ),
        archive=lambda found: service.update(found["id"], {"active": False}),
    )


def _given(fields: Fields) -> Fields:
    return {name: value for name, value in fields.items() if value is not None}


def _blanked(fields: Fields) -> Fields:
    """An empty text is how Stripe is told that there is nothing any more."""
    return {name: "" if value is None else value for name, value in fields.items()}


def _without_active(fields: Fields) -> Fields:
    return {name: value for name, value in fields.items() if name != "active"}
