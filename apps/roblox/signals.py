"""What upper floors may listen to."""

from django.dispatch import Signal

deployment_changed = Signal()  # sends `deployment`, in its transaction
release_changed = Signal()  # sends `release`, in its transaction
