"""What holds for every call: keys, parameters, idempotency, pages of lists, expansion, events."""

from __future__ import annotations

import secrets

import pytest
import stripe


def test_a_wrong_parameter_is_named(stripe_account):
    create = stripe_account.api.prices.create
    good = {"currency": "eur", "product_data": {"name": "X"}, "unit_amount": 1}
    cases = [
        ({**good, "colour": "red"}, "colour", "parameter_unknown"),
        (
            {**good, "recurring": {"intervall": "month"}},
            "recurring[intervall]",
            "parameter_unknown",
        ),
        ({"unit_amount": 1}, "currency", "parameter_missing"),
        ({**good, "unit_amount": "many"}, "unit_amount", "parameter_invalid_integer"),
    ]
    for wish, param, code in cases:
        with pytest.raises(stripe.InvalidRequestError) as refused:
            create(wish)
        assert (refused.value.param, refused.value.code) == (param, code)
        assert refused.value.request_id.startswith("req_")
    with pytest.raises(stripe.InvalidRequestError, match="must be one of day, month, week, year"):
        create({**good, "recurring": {"interval": "fortnight"}})


def test_a_key_that_cannot_be_one_is_refused(stripe_account, sandbox_process):
    wrong = stripe.StripeClient(
        "sk_live_" + secrets.token_hex(12), base_addresses={"api": stripe_account.url}
    )
    with pytest.raises(stripe.AuthenticationError):
        wrong.v1.customers.list()


def test_the_same_key_has_the_same_answer_and_other_parameters_are_refused(stripe_account):
    create = stripe_account.api.customers.create
    first = create({"name": "Lincoln"}, {"idempotency_key": "once"})
    again = create({"name": "Lincoln"}, {"idempotency_key": "once"})
    assert again.id == first.id
    assert again.last_response.headers["idempotent-replayed"] == "true"
    with pytest.raises(stripe.IdempotencyError):
        create({"name": "Washington"}, {"idempotency_key": "once"})
    assert len(stripe_account.api.customers.list().data) == 1


def test_a_declined_payment_is_remembered_by_its_key_too(stripe_account):
    wish = {
        "amount": 500,
        "currency": "eur",
        "payment_method": "pm_card_chargeDeclined",
        "confirm": True,
    }
    seen = set()
    for _ in range(2):
        with pytest.raises(stripe.CardError) as refused:
            stripe_account.api.payment_intents.create(wish, {"idempotency_key": "try"})
        seen.add(refused.value.error.payment_intent.id)
    assert len(seen) == 1


def test_a_list_is_read_page_by_page_in_both_directions(stripe_account):
    made = [stripe_account.api.customers.create({"name": str(n)}).id for n in range(5)]
    listed = stripe_account.api.customers.list({"limit": 2})
    assert [one.id for one in listed.auto_paging_iter()] == made[::-1]
    before = stripe_account.api.customers.list({"limit": 2, "ending_before": made[0]})
    assert [one.id for one in before.data] == [made[2], made[1]]
    with pytest.raises(stripe.InvalidRequestError):
        stripe_account.api.customers.list({"limit": 101})


def test_a_search_finds_by_fields_and_metadata(stripe_account):
    create = stripe_account.api.customers.create
    wanted = create({"email": "a@lincoln.example", "metadata": {"workspace": "lincoln"}})
    create({"email": "b@lincoln.example"})
    search = stripe_account.api.customers.search
    by_metadata = "metadata['workspace']:'lincoln'"
    by_email = "email~'lincoln' AND -email:'b@lincoln.example'"
    for query in (by_metadata, by_email):
        assert [one.id for one in search({"query": query}).data] == [wanted.id]


def test_an_id_expands_to_what_it_stands_for(stripe_account):
    customer = stripe_account.customer()
    made = stripe_account.api.subscriptions.create(
        {
            "customer": customer.id,
            "items": [{"price": stripe_account.price().id}],
            "expand": ["latest_invoice.payments.data.payment.payment_intent", "customer"],
        }
    )
    assert made.customer.email == "bursar@lincoln.example"
    payment = made.latest_invoice.payments.data[0].payment
    assert payment.payment_intent.status == "succeeded"
    with pytest.raises(stripe.InvalidRequestError, match="cannot be expanded"):
        stripe_account.api.customers.retrieve(customer.id, {"expand": ["nonsense"]})


def test_metadata_is_merged_and_emptied(stripe_account):
    made = stripe_account.api.customers.create({"metadata": {"a": "1", "b": "2"}})
    update = stripe_account.api.customers.update
    assert update(made.id, {"metadata": {"a": "", "c": "3"}}).metadata.to_dict() == {
        "b": "2",
        "c": "3",
    }
    assert update(made.id, {"metadata": ""}).metadata.to_dict() == {}


def test_an_event_says_what_was_before(stripe_account):
    made = stripe_account.api.customers.create({"name": "Lincoln"})
    stripe_account.api.customers.update(made.id, {"name": "Lincoln Trust"})
    [event] = stripe_account.api.events.list({"type": "customer.updated"}).data
    assert event.data.object["name"] == "Lincoln Trust"
    assert event.data.previous_attributes.to_dict() == {"name": "Lincoln"}
    assert event["request"].id.startswith("req_")


def test_a_key_can_be_rolled(stripe_account, sandbox_process):
    made = stripe_account.api.customers.create({"name": "Lincoln"})
    rolled = sandbox_process.call(
        "POST", "stripe/keys/roll", {"key": stripe_account.key, "revoke": True}
    )
    with pytest.raises(stripe.AuthenticationError):
        stripe_account.api.customers.list()
    fresh = stripe.StripeClient(rolled["key"], base_addresses={"api": stripe_account.url})
    assert fresh.v1.customers.retrieve(made.id).name == "Lincoln"


def test_an_account_can_be_copied(stripe_account, sandbox_process):
    made = stripe_account.api.customers.create({"name": "Lincoln"})
    other = f"sk_test_{secrets.token_hex(16)}"
    # The customer and the event of it; an empty account has nothing to give.
    assert sandbox_process.copy_stripe(stripe_account.key, other) == 2
    copy = stripe.StripeClient(other, base_addresses={"api": stripe_account.url}).v1
    copy.customers.update(made.id, {"name": "Douglass"})
    assert copy.customers.retrieve(made.id).name == "Douglass"
    assert stripe_account.api.customers.retrieve(made.id).name == "Lincoln"
    assert sandbox_process.copy_stripe(f"sk_test_{secrets.token_hex(16)}", other) == 0


def test_products_have_features(stripe_account):
    api = stripe_account.api
    product = api.products.create({"name": "School"})
    assert api.products.features.list(product.id).data == []
    about = {"name": "Single sign-on", "lookup_key": "sso", "metadata": {"a": "b"}}
    feature = api.entitlements.features.create(about)
    held = api.products.features.create(product.id, {"entitlement_feature": feature.id})
    assert [one.id for one in api.products.features.list(product.id).data] == [held.id]
    assert held.entitlement_feature.lookup_key == "sso"
    with pytest.raises(stripe.InvalidRequestError, match="has this feature"):
        api.products.features.create(product.id, {"entitlement_feature": feature.id})
    assert api.products.features.delete(product.id, held.id).deleted
    assert api.products.features.list(product.id).data == []
    api.entitlements.features.update(feature.id, {"active": False})
    assert api.entitlements.features.list().data == []
    assert len(api.entitlements.features.list({"archived": True}).data) == 1
    with pytest.raises(stripe.InvalidRequestError, match="already exists"):
        api.entitlements.features.create(about)
    with pytest.raises(stripe.InvalidRequestError, match="No such product"):
        api.products.features.list("prod_gone")


def test_a_promotion_code_is_one_for_everybody_and_one_for_each_customer(stripe_account):
    api = stripe_account.api
    coupon = api.coupons.create({"percent_off": 50, "duration": "once"})
    about = {"promotion": {"type": "coupon", "coupon": coupon.id}, "code": "HALF"}
    ours = {**about, "customer": stripe_account.customer(card="").id}
    for wish in (about, ours):
        api.promotion_codes.create(wish)
        with pytest.raises(stripe.InvalidRequestError, match="already exists"):
            api.promotion_codes.create({**wish, "code": "half"})
    assert len(api.promotion_codes.list({"code": "half"}).data) == 2
