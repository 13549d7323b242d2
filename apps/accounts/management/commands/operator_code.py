from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.accounts.models import OperatorDevice, User
from apps.accounts.services import operators


class Command(BaseCommand):
    help = (
        "Print an operator's present one-time code, in development only: `operator_code [EMAIL]`."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("email", nargs="?", help="the first operator when left out")

    def handle(self, *_: Any, **options: Any) -> None:
        if settings.TOOLBOXAI_ENV == "production":
            raise CommandError("Codes come from the operator's own device in production.")
        found = User.objects.filter(is_staff=True).order_by("date_joined")
        if options["email"]:
            found = found.filter(email__iexact=options["email"])
        user = found.first()
        if user is None:
            raise CommandError("There is no such operator; make one with `operator create EMAIL`.")
        try:
            self.stdout.write(operators.current_code(user=user))
        except OperatorDevice.DoesNotExist as error:
            raise CommandError(f"{user.email} has no device for one-time codes.") from error
