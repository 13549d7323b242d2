"""What happened to stored rows, for mails, dunning and whoever else listens.

Sent in the transaction that stored the row. `before` has the row's former values by field name,
and is None for a row that is new; a row that did not change sends nothing.
"""

from django.dispatch import Signal

subscription_stored = Signal()  # `subscription`, `before`
invoice_stored = Signal()  # `invoice`, `before`
credit_note_stored = Signal()  # `credit_note`, `before`
account_settled = Signal()  # `account`: after each sync, once its plan is what is paid for
payment_stored = Signal()  # `payment`, `before` (a Payment or None): new, or of another status
refund_stored = Signal()  # `refund`, `before`: its former state
dispute_stored = Signal()  # `dispute`, `before` (a Dispute or None): new, or of another status
money_requested = Signal()  # `request`: a refund or credit that another operator has to approve
