"""What upper floors may listen to; sent in the transaction of the deed."""

from django.dispatch import Signal

# `webhook` (ChannelWebhook), `tenant` whose app it belongs to: it was given up.
channel_webhook_given_up = Signal()
