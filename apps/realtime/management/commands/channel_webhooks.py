from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core.errors import DomainError
from apps.realtime.models import ChannelWebhook
from apps.realtime.news import KINDS
from apps.realtime.services import channel_webhooks


class Command(BaseCommand):
    help = "Servers that are told what happens in an application's channels."

    def add_arguments(self, parser: CommandParser) -> None:
        deeds = parser.add_subparsers(dest="deed", required=True)
        deeds.add_parser("list", help="all of them, and how they fare")
        add = deeds.add_parser("add", help="tell a server")
        add.add_argument("url")
        add.add_argument(
            "--app-id", default=settings.PUSHER_APP_ID, help="the product's by default"
        )
        add.add_argument("--events", nargs="+", default=list(KINDS), choices=KINDS, metavar="EVENT")
        add.add_argument("--prefix", default="", help="only of channels that begin with this")
        deeds.add_parser("remove", help="tell a server nothing more").add_argument("id")

    def handle(self, *_: Any, deed: str, **options: Any) -> None:
        try:
            deeds: dict[str, Callable[..., None]] = {
                "list": self.show, "add": self.add, "remove": self.remove,
            }  # fmt: skip
            deeds[deed](**options)
        except DomainError as error:
            raise CommandError(str(error.extra.get("errors", error.detail))) from error

    def show(self, **_: Any) -> None:
        for each in ChannelWebhook.objects.all():
            state = f"{each.state}: {each.problem}" if each.problem else each.state
            self.stdout.write(f"{each.pk} app {each.app_id} {each.url} {state}")

    def add(self, *, url: str, app_id: str, events: list[str], prefix: str, **_: Any) -> None:
        webhook = channel_webhooks.add(
            app_id=app_id, url=url, events=events, channel_prefix=prefix, by=None
        )
        self.stdout.write(f"{webhook.pk} is told within five seconds.")

    def remove(self, *, id: str, **_: Any) -> None:  # noqa: A002 -- the argument's name
        webhook = ChannelWebhook.objects.filter(pk=id).first()
        if webhook is None:
            raise CommandError(f"There is no channel webhook {id}.")
        channel_webhooks.remove(webhook=webhook, by=None)
