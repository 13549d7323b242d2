"""Stripe's test cards and accounts, and what comes of charging them.

https://docs.stripe.com/testing. An outcome has a `decline` (code, decline_code), or the way of
authentication it asks for (`always`, `setup` = unless it was set up), or a dispute that follows.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Outcome:
    decline: tuple[str, str | None] | None = None
    authentication: str = ""
    dispute: str = ""
    refuses_attachment: bool = False
    settles_after: int = 0  # seconds
    warns: bool = False
    refund: str = ""


@dataclass(frozen=True)
class TestCard:
    number: str
    brand: str
    outcome: Outcome = Outcome()
    country: str = "US"
    funding: str = "credit"


def _declined(code: str, reason: str | None = None) -> Outcome:
    return Outcome(decline=(code, reason), refuses_attachment=True)


MESSAGES = {
    "card_declined": "Your card was declined.",
    "expired_card": "Your card has expired.",
    "incorrect_cvc": "Your card's security code is incorrect.",
    "incorrect_number": "Your card number is incorrect.",
    "processing_error": "An error occurred while processing your card. Try again in a little bit.",
    "insufficient_funds": "Your card has insufficient funds.",
    "authentication_required": "Your card was declined. This transaction requires authentication.",
    "payment_intent_authentication_failure": (
        "We are unable to authenticate your payment method. Please choose a different payment "
        "method and try again."
    ),
    "debit_not_authorized": "The customer's bank account could not be debited.",
}

CARDS = {
    card.number: card
    for card in (
        TestCard("4242424242424242", "visa"),
        TestCard("4000056655665556", "visa", funding="debit"),
        TestCard("5555555555554444", "mastercard"),
        TestCard("2223003122003222", "mastercard"),
        TestCard("5200828282828210", "mastercard", funding="debit"),
        TestCard("5105105105105100", "mastercard", funding="prepaid"),
        TestCard("378282246310005", "amex"),
        TestCard("6011111111111117", "discover"),
        TestCard("3566002020360505", "jcb", country="JP"),
        TestCard("4000002760000016", "visa", country="DE"),
        TestCard("4000000400000008", "visa", country="AT"),
        TestCard("4000008260000000", "visa", country="GB"),
        TestCard("4000000000000077", "visa"),
        TestCard("4000000000000002", "visa", _declined("card_declined", "generic_decline")),
        TestCard("4000000000009995", "visa", _declined("card_declined", "insufficient_funds")),
        TestCard("4000000000009987", "visa", _declined("card_declined", "lost_card")),
        TestCard("4000000000009979", "visa", _declined("card_declined", "stolen_card")),
        TestCard("4000000000000069", "visa", _declined("expired_card")),
        TestCard("4000000000000127", "visa", _declined("incorrect_cvc")),
        TestCard("4000000000000119", "visa", _declined("processing_error")),
        TestCard("4100000000000019", "visa", _declined("card_declined", "fraudulent")),
        TestCard("4000000000006975", "visa", _declined("card_declined", "card_velocity_exceeded")),
        # Attaches, and is refused whenever it is charged.
        TestCard("4000000000000341", "visa", Outcome(decline=("card_declined", "generic_decline"))),
        TestCard("4000002500003155", "visa", Outcome(authentication="setup"), country="DE"),
        TestCard("4000002760003184", "visa", Outcome(authentication="always"), country="DE"),
        TestCard("4000000000003220", "visa", Outcome(authentication="always"), country="IE"),
        TestCard("4000000000003063", "visa", Outcome(authentication="always"), country="IE"),
        TestCard("4000003800000446", "visa", Outcome(authentication="on_session"), country="IE"),
        TestCard(
            "4000008260003178",
            "visa",
            Outcome(decline=("card_declined", "insufficient_funds"), authentication="always"),
            country="GB",
        ),
        TestCard(
            "4000008400001629",
            "visa",
            Outcome(decline=("card_declined", "generic_decline"), authentication="always"),
        ),
        TestCard("4000000000000259", "visa", Outcome(dispute="fraudulent")),
        TestCard("4000000000002685", "visa", Outcome(dispute="product_not_received")),
        TestCard("4000000000001976", "visa", Outcome(dispute="fraudulent", warns=True)),
        TestCard("4000000000007726", "visa", Outcome(refund="pending")),
        TestCard("4000000000005126", "visa", Outcome(refund="failed")),
    )
}

# PaymentMethods that exist without being made, and the tokens of old.
NAMED = {
    "visa": "4242424242424242",
    "visa_debit": "4000056655665556",
    "mastercard": "5555555555554444",
    "mastercard_debit": "5200828282828210",
    "amex": "378282246310005",
    "discover": "6011111111111117",
    "de": "4000002760000016",
    "at": "4000000400000008",
    "gb": "4000008260000000",
    "bypassPending": "4000000000000077",
    "chargeDeclined": "4000000000000002",
    "visa_chargeDeclined": "4000000000000002",
    "visa_chargeDeclinedInsufficientFunds": "4000000000009995",
    "chargeDeclinedInsufficientFunds": "4000000000009995",
    "visa_chargeDeclinedLostCard": "4000000000009987",
    "visa_chargeDeclinedStolenCard": "4000000000009979",
    "chargeDeclinedExpiredCard": "4000000000000069",
    "chargeDeclinedIncorrectCvc": "4000000000000127",
    "chargeDeclinedProcessingError": "4000000000000119",
    "visa_chargeDeclinedFraudulent": "4100000000000019",
    "chargeCustomerFail": "4000000000000341",
    "authenticationRequiredOnSetup": "4000002500003155",
    "authenticationRequired": "4000002760003184",
    "threeDSecure2Required": "4000000000003220",
    "threeDSecureRequired": "4000000000003063",
    "authenticationRequiredSetupForOffSession": "4000003800000446",
    "authenticationRequiredChargeDeclinedInsufficientFunds": "4000008260003178",
    "threeDSecureRequiredChargeDeclined": "4000008400001629",
    "createDispute": "4000000000000259",
    "createDisputeProductNotReceived": "4000000000002685",
    "createDisputeInquiry": "4000000000001976",
    "pendingRefund": "4000000000007726",
    "refundFail": "4000000000005126",
}

THREE_MINUTES = 180
IBANS = {
    "0532013000": Outcome(),
    "0532013003": Outcome(settles_after=THREE_MINUTES),
    "0532013001": Outcome(decline=("debit_not_authorized", None)),
    "0532013004": Outcome(decline=("debit_not_authorized", None), settles_after=THREE_MINUTES),
    "0532013002": Outcome(dispute="debit_not_authorized"),
}


def card_named(text: str) -> TestCard | None:
    """`pm_card_visa`, `tok_visa` or a number; None for what Stripe does not document."""
    name = text.removeprefix("pm_card_").removeprefix("tok_")
    return CARDS.get(NAMED.get(name, name))


def outcome_of_iban(iban: str) -> Outcome:
    """By the last ten digits, which Stripe keeps the same for one outcome in Germany's IBANs."""
    return IBANS.get(iban[-10:], Outcome())
