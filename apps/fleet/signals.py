"""What upper floors may listen to."""

from django.dispatch import Signal

rollout_stopped = Signal()  # `rollout` needs a person: failed, or left workspaces behind
