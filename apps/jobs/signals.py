"""What upper floors may listen to. All send `run`, a `JobRun`."""

from django.dispatch import Signal

job_changed = Signal()  # state or progress moved; sent after commit
job_failed = Signal()  # failed for good; sent in the transaction that records it
job_replayed = Signal()  # put back by a person, `by`; sent in the transaction that records it
