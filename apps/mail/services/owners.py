"""What the owners of a workspace are told."""

from __future__ import annotations

from typing import Any

from apps.mail.services import messages
from apps.tenants.localisation import in_the_words_of
from apps.tenants.models import Tenant


def tell(*, template: str, tenant: Tenant, context: dict[str, Any], by: Any = None) -> None:
    """A mail to each, in the workspace's words and from the product: its own jobs rest while it is
    closed, and its own sender may be what the mail is about.
    """
    people = tenant.memberships.owners().filter(user__is_active=True)
    for email in people.order_by("created_at").values_list("user__email", flat=True):
        with in_the_words_of(tenant):
            messages.send(template=template, to=email, context=context, by=by, schema_name="public")
