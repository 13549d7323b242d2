"""A customer's fourteen months, played on a test clock: `manage.py billing rehearse`.

Everything in it is the product's own: the services that pages and API call, Stripe (or the
sandbox) that charges, events that are taken in, the dunning and the ledger that follow. Only time
is played, by a test clock (https://docs.stripe.com/billing/testing/test-clocks).
"""
