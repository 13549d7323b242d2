"""What upper floors may listen to. All send `run`, a `JobRun`."""

from django.dispatch import Signal

# Before it is in its queue, in the transaction that wants it; a receiver that raises prevents it.
# Also sends `by` and `metered`, whether it counts as the workspace's usage.
job_requested = Signal()
job_changed = Signal()  # state or progress moved; sent after commit
job_failed = Signal()  # failed for good; sent in the transaction that records it
job_replayed = Signal()  # put back by a person, `by`; sent in the transaction that records it
