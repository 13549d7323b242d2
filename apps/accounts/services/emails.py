"""Whose mailbox is it?"""

from __future__ import annotations

from allauth.account.models import EmailAddress

from apps.accounts.models import User
from apps.accounts.signals import address_replaced


def verified(*, user: User) -> list[str]:
    """The addresses this person has shown to be theirs, in lower case."""
    addresses = EmailAddress.objects.filter(user=user, verified=True)
    return [address.lower() for address in addresses.values_list("email", flat=True)]


def mark_verified(*, user: User) -> None:
    """Take the person's own address for shown, as when a command or an invitation vouches."""
    EmailAddress.objects.update_or_create(
        user=user, email=user.email.lower(), defaults={"verified": True, "primary": True}
    )


def replace(*, user: User, email: str) -> None:
    """Give the person another address in place of the present one, which somebody vouches for."""
    former = user.email
    EmailAddress.objects.filter(user=user, email__iexact=former).delete()
    user.email = email.lower()
    user.save(update_fields=["email"])
    mark_verified(user=user)
    address_replaced.send(sender=User, user=user, former=former)
