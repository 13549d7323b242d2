"""A loopback Stripe: the parts of its API that billing a school takes.

https://docs.stripe.com/api. What a request may carry and what an answer holds is read from the
official SDK (`stripe.params`, and the annotations of its objects), not written down again here; so
is the version of the API that it speaks.
"""

from typing import Final

import stripe

API_VERSION: Final[str] = stripe.api_version
