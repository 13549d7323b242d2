"""Stripe through dj-stripe. Rows lie in the public schema; the subscriber is the workspace."""

from .environment import ENV

DJSTRIPE_SUBSCRIBER_MODEL = "tenants.Tenant"
DJSTRIPE_SUBSCRIBER_MODEL_REQUEST_CALLBACK = "apps.tenants.context_processors.subscriber"
DJSTRIPE_FOREIGN_KEY_TO_FIELD = "id"
STRIPE_SECRET_KEY = ENV.stripe_secret_key.get_secret_value()
STRIPE_LIVE_MODE = ENV.stripe_secret_key.get_secret_value().startswith("sk_live_")
STRIPE_TEST_SECRET_KEY = "" if STRIPE_LIVE_MODE else ENV.stripe_secret_key.get_secret_value()
STRIPE_LIVE_SECRET_KEY = ENV.stripe_secret_key.get_secret_value() if STRIPE_LIVE_MODE else ""
STRIPE_API_HOST = ENV.stripe_api_url

# dj-stripe's own chain replays 615 operations for each schema: see docs/adr/0005.
MIGRATION_MODULES = {"djstripe": "apps.payments.djstripe_migrations"}

# Who issues invoices: the fields of apps.payments.documents.Seller.
SELLER = {
    name: getattr(ENV, f"seller_{name}")
    for name in (
        "name", "line1", "line2", "postal_code", "city", "country", "vat_id", "tax_number",
        "register", "email", "phone", "iban", "bic",
    )
}  # fmt: skip

# Refunds and credits of more minor units than this need a second operator.
PAYMENTS_APPROVAL_OVER = ENV.payments_approval_over
