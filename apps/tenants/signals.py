"""What upper floors may listen to; all are sent in the transaction of the deed."""

from django.dispatch import Signal

invitation_sent = Signal()  # `invitation`, `url` (with the secret), `by`
workspace_opened = Signal()  # `tenant`: provisioned and ready
