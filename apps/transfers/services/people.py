"""Whom a workspace's rows speak of, on both sides of a move.

People are known by e-mail on every installation; ids differ. Who has no e-mail, a pupil, is made
anew. Passwords, devices and sessions never travel.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db.models import Q
from django_tenants.utils import schema_context
from psycopg import sql

from apps.accounts.models import User
from apps.core.database import connection
from apps.tenants.models import Tenant
from apps.tenants.permissions import Role
from apps.transfers import references

Ids = dict[str, UUID]


@dataclass(frozen=True)
class Person:
    """Someone in an export. Only members get an account where they arrive."""

    id: str
    email: str
    name: str
    is_member: bool
    is_owner: bool


def of(*, tenant: Tenant) -> list[Person]:
    """Members, and whoever else the rows name, except operators of this installation."""
    roles = dict(tenant.memberships.values_list("user_id", "role"))
    named = _named_in_workspace(tenant.schema_name) | _named_in_public(tenant)
    found = User.objects.filter(Q(pk__in=roles) | Q(pk__in=named, is_staff=False)).order_by("pk")
    return [
        Person(
            id=str(user.pk), email=user.email, name=user.name,
            is_member=user.pk in roles, is_owner=roles.get(user.pk) == Role.OWNER,
        )
        for user in found
    ]  # fmt: skip


def settle(people: Iterable[Person]) -> tuple[Ids, list[User]]:
    """Find each by e-mail, in any case of letters, and make accounts for members who have none;
    members without an e-mail are always new here.

    Gives new ids by old ones, and the accounts made: without a password, so only the mailbox
    opens them.
    """
    people = list(people)
    unwritten = {
        person.id: User.objects.create_without_email(name=person.name[:120]).pk
        for person in people
        if person.is_member and not person.email
    }
    people = [person for person in people if person.email]
    emails = {person.email.lower() for person in people}
    known = {u.email.lower(): u for u in User.objects.filter(email__in=emails)}
    known |= {u.email.lower(): u for u in _in_other_letters(emails - set(known))}
    made = []
    for person in people:
        if person.is_member and person.email.lower() not in known:
            user = User.objects.create_user(person.email, None, name=person.name[:120])
            known[person.email.lower()] = user
            made.append(user)
    ids = {p.id: known[p.email.lower()].pk for p in people if p.email.lower() in known}
    return ids | unwritten, made


def rename_in_workspace(*, schema_name: str, ids: Mapping[str, UUID]) -> None:
    """Put new ids in the place of old ones; who is unknown loses the id and keeps the label, or
    the whole row where it is about nobody but them.
    """
    old, new = list(ids), [str(value) for value in ids.values()]
    with schema_context(schema_name), connection.cursor() as cursor:
        for table, column in _columns(only_theirs=True):
            cursor.execute(
                sql.SQL("DELETE FROM {table} WHERE {column} <> ALL(%s::uuid[])").format(
                    table=sql.Identifier(table), column=sql.Identifier(column)
                ),
                [old],
            )
        for table, column in _columns():
            cursor.execute(
                sql.SQL(
                    "UPDATE {table} SET {column} = (SELECT m.new FROM "
                    "unnest(%s::uuid[], %s::uuid[]) AS m(old, new) WHERE m.old = {column}) "
                    "WHERE {column} IS NOT NULL"
                ).format(table=sql.Identifier(table), column=sql.Identifier(column)),
                [old, new],
            )


def forget_strangers(*, schema_name: str) -> None:
    """Remove rows about people who have no account here: places in classes, guardians."""
    with schema_context(schema_name), connection.cursor() as cursor:
        for table, column in _columns(only_theirs=True):
            cursor.execute(
                sql.SQL(
                    "DELETE FROM {table} WHERE NOT EXISTS "
                    "(SELECT FROM {people} WHERE id = {table}.{column})"
                ).format(
                    table=sql.Identifier(table),
                    column=sql.Identifier(column),
                    people=sql.Identifier(User._meta.db_table),
                )
            )


def _named_in_workspace(schema_name: str) -> set[Any]:
    parts = [
        sql.SQL("SELECT {column} FROM {table}").format(
            table=sql.Identifier(table), column=sql.Identifier(column)
        )
        for table, column in _columns()
    ]
    with schema_context(schema_name), connection.cursor() as cursor:
        cursor.execute(sql.SQL(" UNION ").join(parts))
        return {row[0] for row in cursor.fetchall()} - {None}


def _named_in_public(tenant: Tenant) -> set[Any]:
    found: set[Any] = set()
    for shared in references.shared():
        owner = tenant.schema_name if shared.owner == "schema_name" else tenant.pk
        rows = references.rows_of(shared.model).filter(**{shared.owner: owner}).order_by()
        for column in shared.people:
            found |= set(rows.values_list(column, flat=True).distinct())
    return found - {None}


def _columns(*, only_theirs: bool = False) -> list[tuple[str, str]]:
    """Tables and columns with a person's id; with `only_theirs` those that cannot be without."""
    found = []
    for label, columns in references.PEOPLE.items():
        meta = apps.get_model(label)._meta
        fields = {field.attname: field for field in meta.concrete_fields}
        found += [
            (meta.db_table, each) for each in columns if not (only_theirs and fields[each].null)
        ]
    return found


def _in_other_letters(emails: set[str]) -> list[User]:
    wanted = Q(pk=None)
    for email in emails:
        wanted |= Q(email__iexact=email)
    return list(User.objects.filter(wanted)) if emails else []
