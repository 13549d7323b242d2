"""What upper floors may listen to; all are sent in the transaction of the deed."""

from django.dispatch import Signal

invitation_sent = Signal()  # `invitation`, `url` (with the secret), `by`
invitation_accepted = Signal()  # `invitation`, `membership`, `by`
membership_ended = Signal()  # `membership` (about to be deleted), `by`
link_accepted = Signal()  # `link`, `membership` (new), `by`
ownership_offered = Signal()  # `transfer`
ownership_accepted = Signal()  # `transfer`: it is done
workspace_opened = Signal()  # `tenant`: provisioned and ready

# Before the deed, which a receiver that raises a `DomainError` prevents.
# `tenant`, `adding`, `staff`: so many people more are to be members, and so many more are to be
# staff, as members from now on or in another role.
seats_wanted = Signal()
feature_wanted = (
    Signal()
)  # `tenant`, `feature` (a name the plan knows): is to be made or switched on
school_wanted = Signal()  # `district`: one more school is to be founded under it

# `for_payment`: not by operators, but because it is, or was, unpaid.
workspace_suspended = Signal()  # `tenant`, `by`, `for_payment`
workspace_resumed = Signal()  # `tenant`, `by`, `for_payment`
workspace_read_only = Signal()  # `tenant`: unpaid
workspace_writable = Signal()  # `tenant`
workspace_renamed = Signal()  # `tenant`, `former_host`, `by`
deletion_asked = Signal()  # `tenant`, `by`: closed now, removed at `tenant.purge_at`
deletion_undone = Signal()  # `tenant`, `by`
deletion_near = Signal()  # `tenant`: the last day in which it can be undone begins
workspace_purged = Signal()  # `tenant`, `owners` (their addresses): gone with this commit

domain_unseen = Signal()  # `domain`: its record has vanished, it is served for three more days
domain_switched_off = Signal()  # `domain`: not served any more

# Outside of a transaction, and again after a crash: remove what lies outside of the database.
workspace_purging = Signal()  # `schema_name`

configuration_changed = Signal()  # `tenant`, `changes` (setting to [before, after]), `by`
