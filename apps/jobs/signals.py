"""What upper floors may listen to. All send `run`, a `JobRun`."""

from django.dispatch import Signal

# Before it is in its queue, in the transaction that wants it; a receiver that raises prevents it.
# Also sends `by` and `metered`, whether it counts as the workspace's usage.
job_requested = Signal()
job_changed = Signal()  # state or progress moved; sent after commit
# Failed for good, or was cancelled; sent in the transaction that records it.
job_failed = Signal()
# A chain or group is over, `run` its parent; sent in the transaction that records it.
together_ended = Signal()
job_cancel_asked = Signal()  # by a person, `by`; sent in the transaction that records it
job_discarded = Signal()  # by a person, `by`, for a `reason`; in the transaction that records it
failures_told = Signal()  # many of a kind or a new one: `alert`, a `failures.Alert`; after commit
job_replayed = Signal()  # put back by a person, `by`; sent in the transaction that records it
# Newly so: `late`, `schedules.Standing`s; in the transaction that notes it.
schedules_late = Signal()
# Of `task`, one of beat's, by an operator, `by`: `deed`, `changes`; in its transaction.
schedule_edited = Signal()
# Told to nobody `until` then, or again where that is None, by an operator, `by`: `failure`, a
# `Failure`; in its transaction.
failure_muted = Signal()
lane_opened = Signal()  # before its time, by an operator, `by`: `lane`, its name
