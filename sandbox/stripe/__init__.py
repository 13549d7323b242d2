"""A loopback Stripe: the parts of its API that billing a school takes, in the shapes of dahlia.

https://docs.stripe.com/api. What a request may carry and what an answer holds is read from the
official SDK (`stripe.params`, and the annotations of its objects), not written down again here.
"""

API_VERSION = "2026-05-27.dahlia"
