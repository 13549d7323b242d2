"""What a mail is: its template, its variables, whom it may leave alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from django.core.serializers.json import DjangoJSONEncoder
from django.template import Context, Variable, VariableDoesNotExist

from apps.core.errors import DomainError
from apps.core.money import Money

TRANSACTIONAL, BROADCAST = "transactional", "broadcast"
STREAMS: Final = {TRANSACTIONAL: "Transactional", BROADCAST: "Broadcast"}
LANGUAGES: Final = {"en": "English", "de": "Deutsch", "es": "Español"}


class MissingVariable(DomainError):
    code = "mail_variable_missing"
    status = 500
    title = "A mail lacks something it was to say"


@dataclass(frozen=True)
class Category:
    """What people can choose to get. One that is not `optional` always comes; one that is
    `urgent` waits for no digest and no quiet hours.
    """

    key: str
    label: str
    text: str
    optional: bool = False
    urgent: bool = True
    stream: str = TRANSACTIONAL


CATEGORIES: Final[dict[str, Category]] = {
    category.key: category
    for category in (
        Category("account", "Your account", "Links and codes you asked for."),
        Category("security", "Security", "Sign-ins and changes of your account."),
        Category("workspace", "Workspace", "Invitations, ownership, suspension and deletion."),
        Category("billing", "Payments", "Invoices, failed payments, your plan."),
        Category("operations", "Operations", "What operators of this installation must act on."),
        Category("data", "Exports and backups", "Files that are ready, data that was restored."),
        Category("releases", "Releases", "What was deployed, and what failed.", True, urgent=False),
        Category("usage", "Usage", "Limits that are nearly used up.", True, urgent=False),
        Category(
            "integrations", "Integrations", "API keys that end, webhooks that fail.", True,
            urgent=False,
        ),
        Category("courses", "Courses", "Enrolment in courses.", True, urgent=False),
        Category(
            "news", "Reminders and tips", "The end of a trial, what is new.", True, urgent=False,
            stream=BROADCAST,
        ),
    )
}  # fmt: skip


@dataclass(frozen=True)
class Mail:
    """One kind of mail. `name` is its template's path below `templates/`, without `.txt`.

    `sample` declares the variables: each dotted path with an example, whose type is the
    variable's own. Those in `can_lack` may be None. Those in `secret` are forgotten once the mail
    has left. After `good_for` it is of no use any more and is not sent.
    """

    name: str
    title: str
    category: Category
    sample: Mapping[str, Any]
    secret: frozenset[str] = frozenset()
    can_lack: frozenset[str] = frozenset()
    good_for: timedelta | None = None

    @property
    def stream(self) -> str:
        return self.category.stream

    @property
    def slug(self) -> str:
        """The name as one part of an address."""
        return self.name.replace("/", ".")

    def collect(self, context: Mapping[str, Any]) -> dict[str, Any]:
        """The declared variables of `context`, by path, as plain values. Raises `MissingVariable`
        when one is absent, or is not what was declared.
        """
        seen = Context(dict(context))
        return {path: self._plain(path, seen) for path in self.sample}

    def _plain(self, path: str, seen: Context) -> Any:
        try:
            value = Variable(path).resolve(seen)
        except VariableDoesNotExist as error:
            if path in self.can_lack:
                return None
            raise MissingVariable(f"{self.name} needs {path}.") from error
        if value is None and path in self.can_lack:
            return None
        kind = type(self.sample[path])
        if kind is str and value is not None:
            return str(value)
        if not isinstance(value, kind):
            raise MissingVariable(f"{self.name} needs {path} to be {kind.__name__}.")
        return value

    def without_secrets(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return {path: "…" if path in self.secret else value for path, value in values.items()}

    def encode(self, values: Mapping[str, Any]) -> str:
        return DjangoJSONEncoder(ensure_ascii=False).encode(values)

    def decode(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """Values as `collect` gave them, out of parsed JSON."""
        return {path: _decoded(self.sample.get(path), value) for path, value in values.items()}


def _decoded(sample: Any, value: Any) -> Any:
    if isinstance(sample, datetime) and isinstance(value, str):
        return datetime.fromisoformat(value)
    # An earlier release kept amounts as they were written.
    return Money(*value) if isinstance(sample, Money) and isinstance(value, list) else value
