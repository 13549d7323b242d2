from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.mail.models import Message, MessageEvent, SenderDomain, Suppression
from apps.mail.sender_records import PURPOSES, STATES


class SenderRecord(serializers.Serializer[Any]):
    purpose = serializers.ChoiceField(choices=[*PURPOSES])
    type = serializers.ChoiceField(source="kind", choices=["TXT", "CNAME"])
    name = serializers.CharField()
    value = serializers.CharField()
    is_required = serializers.BooleanField(help_text="without it nothing is sent")
    state = serializers.ChoiceField(choices=[*STATES])
    found = serializers.ListField(
        child=serializers.CharField(), help_text="what name servers said when last asked"
    )


class SenderDomainSerializer(serializers.ModelSerializer[SenderDomain]):
    state = serializers.ChoiceField(
        choices=["preparing", "failed", "waiting", "verified", "unseen", "off"], read_only=True,
        help_text="preparing: its records are not known yet, ask again in a moment; failed: "
        "SendGrid did not take it, try again; unseen: still used, looked for again in minutes",
    )  # fmt: skip
    address = serializers.EmailField(read_only=True)
    records = SenderRecord(many=True, read_only=True)

    class Meta:
        model = SenderDomain
        fields = [
            "id", "domain", "local_part", "from_name", "address", "state", "problem", "signer",
            "is_chosen", "records", "created_at", "checked_at", "verified_at",
        ]  # fmt: skip
        read_only_fields = fields


class SenderDomainInput(serializers.Serializer[Any]):
    domain = serializers.CharField(max_length=253)
    local_part = serializers.CharField(
        max_length=64, default="hello", help_text="what stands before the @"
    )
    from_name = serializers.CharField(
        max_length=100, required=False, allow_blank=True, default="",
        help_text="empty: the name of the workspace",
    )  # fmt: skip


class SenderDomainChange(serializers.Serializer[Any]):
    local_part = serializers.CharField(max_length=64, required=False)
    from_name = serializers.CharField(max_length=100, required=False, allow_blank=True)


class MailSerializer(serializers.ModelSerializer[Message]):
    sender = serializers.CharField(help_text="the address it left from; empty until it has")

    class Meta:
        model = Message
        fields = [
            "id", "template", "stream", "category", "language", "to", "sender", "subject", "state",
            "problem", "created_at", "sent_at", "held_until",
        ]  # fmt: skip


class MailEventSerializer(serializers.ModelSerializer[MessageEvent]):
    class Meta:
        model = MessageEvent
        fields = ["kind", "at", "detail", "provider"]


class MailDetailSerializer(MailSerializer):
    timeline = MailEventSerializer(source="events", many=True)

    class Meta(MailSerializer.Meta):
        fields = [*MailSerializer.Meta.fields, "provider", "provider_id", "timeline"]


class SuppressionSerializer(serializers.ModelSerializer[Suppression]):
    reason = serializers.ChoiceField(
        choices=Suppression.Reason.choices,
        help_text="bounce: the address does not exist, which can be lifted; complaint and "
        "unsubscribe: its reader's wish",
    )  # fmt: skip

    class Meta:
        model = Suppression
        fields = [
            "id", "address", "stream", "reason", "detail", "created_at", "lifted_at", "lifted_why",
        ]  # fmt: skip
