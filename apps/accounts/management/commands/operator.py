from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.core.validators import validate_email

from apps.accounts.services import operators


class Command(BaseCommand):
    help = "People of the operator console: `operator create EMAIL` makes one, or renews the keys."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("verb", choices=["create"])
        parser.add_argument("email")

    def handle(self, *_: Any, **options: Any) -> None:
        try:
            validate_email(options["email"])
        except ValidationError as error:
            raise CommandError(f"{options['email']} is not an e-mail address.") from error
        made = operators.create(email=options["email"])
        self.stdout.write(
            f"Operator  {made.user.email}\n"
            f"Password  {made.password}\n"
            f"Device    {made.otpauth_uri}\n"
            "Add the device to an authenticator app. Neither is shown again."
        )
