"""What all floors may listen to."""

from django.dispatch import Signal

health_asked = Signal()  # whether this process is well; sent after it was found to be
