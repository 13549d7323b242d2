"""Does the time of an answer tell whether there is an account? Sign-in, reset, code, sign-up.

    python -m embedded exec --profile test -- python -m benchmarks.sign_in [rounds]

Each way is asked in turn for an account that exists and for one that does not, with the hasher of
production, on the product's own stack from middleware to PostgreSQL and Redis. Every attempt comes
from an address of its own. Printed for each way: both medians, their difference, and the p value of
a Mann-Whitney rank test. Small p values with small differences are what a machine of one's own
shows of a few instructions; a difference that the network hides is no oracle.
"""

from __future__ import annotations

import argparse
import math
import os
import statistics
import time
from collections.abc import Callable
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
ROUNDS = 60
KNOWN, PASSWORD = "olivia@timing.example", "correct horse battery"  # pragma: allowlist secret
HASHERS = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    arguments.add_argument("rounds", nargs="?", type=int, default=ROUNDS)
    arguments.add_argument("--way", choices=[*WAYS], help="only this one")
    chosen = arguments.parse_args()
    import django

    django.setup()
    from django.test.utils import override_settings

    from tests.fixtures import database

    with override_settings(PASSWORD_HASHERS=HASHERS), database.prepared_database("timing"):
        make_person()
        print(f"{'':<10} {'known':>10} {'unknown':>10} {'difference':>12}   p (rank test)")
        for name, ask in WAYS.items():
            if chosen.way in {None, name}:
                report(name, *measure(ask, chosen.rounds))


def make_person() -> None:
    from apps.accounts.models import User
    from apps.accounts.services import emails

    user = User.objects.create_user(KNOWN, PASSWORD, name="Olivia")
    emails.mark_verified(user=user)


def measure(ask: Callable[[Any, str], Any], rounds: int) -> tuple[list[float], list[float]]:
    """Milliseconds for the known and the unknown account, asked in turn."""
    times: dict[bool, list[float]] = {True: [], False: []}
    for number in range(-4, rounds):
        for is_known in (True, False) if number % 2 else (False, True):
            client = visitor(number)
            email = KNOWN if is_known else f"olivia{number + 10:05}@timing.example"
            began = time.perf_counter()
            answer = ask(client, email)
            took = 1000 * (time.perf_counter() - began)
            if answer.status_code not in {200, 302}:
                raise SystemExit(f"{answer.status_code} is no answer to measure")
            if number >= 0:  # the first ones warm up
                times[is_known].append(took)
            forget_counts()
    return times[True], times[False]


def visitor(number: int) -> Any:
    from django.test import Client

    return Client(SERVER_NAME="localhost", REMOTE_ADDR=f"203.0.113.{number % 250 + 1}")


def forget_counts() -> None:
    """The limits would answer instead of what is measured."""
    import redis
    from django.conf import settings

    with redis.Redis.from_url(settings.REDIS_URL) as store:
        keys = [*store.scan_iter("LIMITS:*"), *store.scan_iter("*allauth:rl*")]
        if keys:
            store.delete(*keys)


def sign_in(client: Any, email: str) -> Any:
    # pragma: allowlist nextline secret
    return client.post("/accounts/login/", {"login": email, "password": "not this one"})


def ask_for_reset(client: Any, email: str) -> Any:
    return client.post("/accounts/password/reset/", {"email": email})


def ask_for_code(client: Any, email: str) -> Any:
    return client.post("/accounts/login/code/", {"email": email})


def sign_up(client: Any, email: str) -> Any:
    # pragma: allowlist nextline secret
    form = {"email": email, "password1": "another horse entirely", "name": "Olivia"}
    return client.post("/accounts/signup/", form)


WAYS = {"sign-in": sign_in, "reset": ask_for_reset, "code": ask_for_code, "sign-up": sign_up}


def report(name: str, known: list[float], unknown: list[float]) -> None:
    one, other = statistics.median(known), statistics.median(unknown)
    p = rank_test(known, unknown)
    print(f"{name:<10} {one:7.1f} ms {other:7.1f} ms {one - other:+9.1f} ms   {p:.3f}")


def rank_test(one: list[float], other: list[float]) -> float:
    """Two-sided p value of Mann and Whitney's U, by the normal approximation."""
    both = sorted([(value, 0) for value in one] + [(value, 1) for value in other])
    ranks = sum(rank for rank, (_, group) in enumerate(both, 1) if group == 0)
    n, m = len(one), len(other)
    u = ranks - n * (n + 1) / 2
    z = (u - n * m / 2) / math.sqrt(n * m * (n + m + 1) / 12)
    return math.erfc(abs(z) / math.sqrt(2))


if __name__ == "__main__":
    main()
