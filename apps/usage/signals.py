"""What upper floors may listen to; sent in the transaction of the deed."""

from django.dispatch import Signal

limit_near = Signal()  # `tenant`, `state` (services.limits.State), `threshold` in percent
