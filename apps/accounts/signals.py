"""What upper floors may listen to."""

from django.dispatch import Signal

# A mail to a person about their account. Sends `template` (the start of its template names),
# `to` and `context`.
mail_wanted = Signal()

# Somebody vouched for another address of a person. Sends `user` and `former`, in the deed's
# transaction. What people change by themselves is allauth's `email_changed`.
address_replaced = Signal()

# Somebody may enter the operator console. Sends `user` and `by`, in the deed's transaction.
operator_made = Signal()

# A person was locked out or let in again. Sends `user` and `by`, in the deed's transaction.
person_changed = Signal()

# A session of a person was ended by somebody or something. Sends `session` and `by`, in the deed's
# transaction. Signing out is not told.
session_ended = Signal()

# A person is about to be signed in, by whatever means. Sends `request` and `user`; a receiver that
# raises a `DomainError` prevents it.
signing_in = Signal()
