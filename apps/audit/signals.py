"""What all floors may listen to."""

from django.dispatch import Signal

# A deed is on record. Sends `entry` and `target` (the row it is about, or None), in the deed's
# transaction.
entry_recorded = Signal()
