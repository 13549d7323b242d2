"""What is measured, what can be limited, and the plans: declared here and nowhere else.

A metric is what is counted; a limit is a metric within a time. Days and months are those of UTC,
so that a number means the same in every workspace and no day has 23 or 25 hours.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

Period = Literal["now", "day", "month"]
Unit = Literal["count", "bytes"]

MEMBERS: Final = "members"
STAFF: Final = "staff"
SCHOOLS: Final = "schools"
CLASSES: Final = "classes"
STORAGE: Final = "storage_bytes"
DATABASE: Final = "database_bytes"
API_CALLS: Final = "api_calls"
DEPLOYMENTS: Final = "deployments"
JOBS: Final = "jobs"
MAILS: Final = "mails"
WEBHOOKS: Final = "webhooks"
REALTIME_APPS: Final = "realtime_apps"
CONNECTIONS: Final = "connections"
MESSAGES: Final = "messages"
SENDER_DOMAINS: Final = "sender_domains"

IN_REDIS: Final = (API_CALLS, MESSAGES)  # counted by `services.counters`, too many for a row each


@dataclass(frozen=True)
class Metric:
    """`gauge`: how much there is, sampled hourly; otherwise how often something happened. A day
    has a gauge's last sample, of a `peak` the highest.
    """

    name: str
    label: str
    text: str
    unit: Unit = "count"
    gauge: bool = False
    peak: bool = False


METRICS: Final[dict[str, Metric]] = {
    metric.name: metric
    for metric in (
        Metric(MEMBERS, "Members", "People who belong to the workspace.", gauge=True),
        Metric(STAFF, "Staff", "Members who are neither pupils nor guardians.", gauge=True),
        Metric(CLASSES, "Classes", "Classes that are not archived.", gauge=True),
        Metric(SCHOOLS, "Schools", "Workspaces founded under this district.", gauge=True),
        Metric(
            STORAGE,
            "Stored files",
            "Uploaded files; the same content counts once.",
            unit="bytes",
            gauge=True,
        ),
        Metric(
            DATABASE, "Database", "The workspace's tables and indexes.", unit="bytes", gauge=True
        ),
        Metric(API_CALLS, "API calls", "Requests to the API that were let in."),
        Metric(DEPLOYMENTS, "Deployments", "Started: deployed, promoted or rolled back."),
        Metric(JOBS, "Jobs", "Background work that was started, mail aside."),
        Metric(MAILS, "Mails", "Mails written for the workspace."),
        Metric(WEBHOOKS, "Webhooks", "Endpoints that are told of events.", gauge=True),
        Metric(
            CONNECTIONS,
            "Realtime connections",
            "The most at once in the day, at apps of one's own.",
            gauge=True,
            peak=True,
        ),
        Metric(
            MESSAGES,
            "Realtime messages",
            "Sent to apps of one's own, and each delivery to a connection.",
        ),
        Metric(REALTIME_APPS, "Realtime apps", "Apps of one's own for realtime.", gauge=True),
        Metric(SENDER_DOMAINS, "Sender domains", "Domains that mail may come from.", gauge=True),
    )
}


@dataclass(frozen=True)
class Limit:
    """The most of a metric at any time (`now`), in a day, or in a calendar month. `warned`: its
    owners hear when it is near; not of seats, which are bought to be taken.
    """

    key: str
    metric: str
    period: Period
    label: str
    warned: bool = True

    @property
    def unit(self) -> Unit:
        return METRICS[self.metric].unit


LIMITS: Final[dict[str, Limit]] = {
    limit.key: limit
    for limit in (
        Limit("members", MEMBERS, "now", "Members"),
        Limit("staff", STAFF, "now", "Staff", warned=False),
        Limit("classes", CLASSES, "now", "Classes"),
        Limit("storage_bytes", STORAGE, "now", "Stored files"),
        Limit("api_calls_day", API_CALLS, "day", "API calls today"),
        Limit("api_calls_month", API_CALLS, "month", "API calls this month"),
        Limit("deployments_month", DEPLOYMENTS, "month", "Deployments this month"),
        Limit("jobs_day", JOBS, "day", "Jobs today"),
        Limit("mails_day", MAILS, "day", "Mails today"),
        Limit("mails_month", MAILS, "month", "Mails this month"),
        Limit("schools", SCHOOLS, "now", "Schools"),
        Limit("webhooks", WEBHOOKS, "now", "Webhooks"),
        Limit("connections", CONNECTIONS, "now", "Realtime connections, today's most"),
        Limit("messages_day", MESSAGES, "day", "Realtime messages today"),
        Limit("realtime_apps", REALTIME_APPS, "now", "Realtime apps"),
        Limit("sender_domains", SENDER_DOMAINS, "now", "Sender domains"),
    )
}


@dataclass(frozen=True)
class Beyond:
    """What may be used beyond a plan's limit, for money, where the customer has switched that on.

    `size`: how much of the limit's metric one billed `unit` is; `amount`: what one costs, in minor
    units of the currency (`payments.catalogue.CURRENCY`). `times`: how often the limit it goes to
    at most. `meter` names it in the prices and at Stripe. `told`: of how many pages tell the price.
    """

    key: str
    meter: str
    unit: str
    size: int
    amount: Decimal
    times: int = 10
    told: int = 1


@dataclass(frozen=True)
class Feature:
    """Something that is there or not, whatever it is used for. `text` is a sentence for people."""

    name: str
    label: str
    text: str


CUSTOM_DOMAINS: Final = "custom_domains"
STAGINGS: Final = "stagings"
CUSTOM_ROLES: Final = "custom_roles"
SSO: Final = "sso"
SCIM: Final = "scim"
FEATURES: Final[dict[str, Feature]] = {
    feature.name: feature
    for feature in (
        Feature(
            STAGINGS, "Several experiences at once",
            "Deploy many experiences to staging in one go.",
        ),
        Feature(
            CUSTOM_DOMAINS, "Domains of your own", "The workspace answers at addresses you own.",
        ),
        Feature(
            CUSTOM_ROLES, "Roles of your own", "Roles made of exactly the permissions you choose.",
        ),
        Feature(
            SSO, "Your own sign-in",
            "Members sign in by your school's issuer (Entra, Google, any OpenID Connect).",
        ),
        Feature(
            SCIM, "Provisioning", "Okta or Entra bring members in and take them out again (SCIM).",
        ),
    )
}  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """`limits`: by limit's key the most that is allowed; what is left out is not limited.

    Of `staff` a paid plan can have more: seats that are bought beside what its limit includes.
    `features`: what there is of `FEATURES`; a plan has all that those before it have.

    `rates`: what one API key, one person and the whole workspace may ask of the API within a
    minute, in credits: most requests cost one.
    `realtime`: bytes of an event's data, and channels of a connection, at apps of one's own.

    `pooled`: the schools of a district draw on its limits together instead of having their own.
    """

    slug: str
    name: str
    text: str
    limits: Mapping[str, int]
    rates: Mapping[str, int]
    realtime: Mapping[str, int]
    features: frozenset[str] = frozenset()
    pooled: bool = False

    @property
    def staff(self) -> int:
        """Included members who are neither pupils nor guardians."""
        return self.limits[STAFF]


MB, GB = 1024**2, 1024**3

BEYOND: Final[dict[str, Beyond]] = {
    beyond.key: beyond
    for beyond in (
        Beyond("deployments_month", "deployments", "deployment", 1, Decimal(2)),
        Beyond("storage_bytes", "storage", "GB and month", GB, Decimal(10)),
        Beyond("mails_month", "mails", "mail", 1, Decimal("0.1"), told=1_000),
    )
}

FREE: Final = Plan(
    "free",
    "Free",
    "To find out what it is like, with a class or two.",
    {
        "members": 100, "staff": 3,
        "classes": 2, "storage_bytes": 2 * GB, "api_calls_day": 20_000,
        "api_calls_month": 300_000, "deployments_month": 300, "jobs_day": 2_000,
        "mails_day": 200, "mails_month": 2_000, "schools": 2, "webhooks": 3,
        "realtime_apps": 1, "connections": 100, "messages_day": 200_000,
        "sender_domains": 1,
    },
    {"key": 120, "person": 240, "workspace": 600},
    {"data_bytes": 10_240, "channels": 100},
)  # fmt: skip
STARTER: Final = Plan(
    "starter",
    "Starter",
    "For a studio or a department that releases every week.",
    {
        "members": 300, "staff": 3,
        "classes": 10, "storage_bytes": 20 * GB, "api_calls_day": 100_000,
        "api_calls_month": 2_000_000, "deployments_month": 2_000, "jobs_day": 10_000,
        "mails_day": 1_000, "mails_month": 15_000, "schools": 3, "webhooks": 10,
        "realtime_apps": 3, "connections": 500, "messages_day": 1_000_000,
        "sender_domains": 2,
    },
    {"key": 300, "person": 300, "workspace": 1_800},
    {"data_bytes": 10_240, "channels": 100},
    features=frozenset({STAGINGS, CUSTOM_DOMAINS}),
)  # fmt: skip
SCHOOL: Final = Plan(
    "school",
    "School",
    "For a whole school.",
    {
        "members": 2_500, "staff": 25,
        "classes": 50, "storage_bytes": 100 * GB, "api_calls_day": 250_000,
        "api_calls_month": 5_000_000, "deployments_month": 10_000, "jobs_day": 50_000,
        "mails_day": 5_000, "mails_month": 75_000, "schools": 5, "webhooks": 25,
        "realtime_apps": 10, "connections": 2_000, "messages_day": 4_000_000,
        "sender_domains": 5,
    },
    {"key": 600, "person": 600, "workspace": 6_000},
    {"data_bytes": 20_480, "channels": 200},
    features=STARTER.features | {CUSTOM_ROLES, SSO, SCIM},
)  # fmt: skip
DISTRICT: Final = Plan(
    "district",
    "District",
    "For a district: its schools share these limits.",
    {
        "members": 50_000, "staff": 250,
        "classes": 500, "storage_bytes": 2_000 * GB, "api_calls_day": 2_000_000,
        "api_calls_month": 40_000_000, "deployments_month": 100_000, "jobs_day": 500_000,
        "mails_day": 50_000, "mails_month": 750_000, "schools": 200, "webhooks": 500,
        "realtime_apps": 200, "connections": 20_000, "messages_day": 40_000_000,
        "sender_domains": 200,
    },
    {"key": 1_200, "person": 600, "workspace": 12_000},
    {"data_bytes": 30_720, "channels": 200},
    features=SCHOOL.features,
    pooled=True,
)  # fmt: skip

PLANS: Final[dict[str, Plan]] = {p.slug: p for p in (FREE, STARTER, SCHOOL, DISTRICT)}
THRESHOLDS: Final = (80, 95, 100)  # percent of a limit at which its owners hear of it
