from __future__ import annotations

import pytest

from apps.mail.services import messages
from tests.factories.jobs import work_off


@pytest.fixture
def write(alpha, owner):
    """Write a mail of this name to the owner, of Alpha, with its sample; `sent=True` sends it."""

    def write_mail(template="mail/release_deployed", *, sent=False, to=owner.email, **about):
        from apps.mail.catalogue import find
        from apps.mail.letters import nested

        message = messages.send(
            template=template, to=to, context=nested(find(template).sample),
            schema_name=about.pop("schema_name", alpha.schema_name), **about,
        )  # fmt: skip
        if sent:
            work_off()
            message.refresh_from_db()
        return message

    return write_mail
