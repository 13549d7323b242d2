from __future__ import annotations

from typing import Any

from rest_framework import serializers

from apps.help.services.search import LONGEST


class HelpQuery(serializers.Serializer[Any]):
    q = serializers.CharField(max_length=LONGEST, help_text="a question, or some words")


class HelpHitSerializer(serializers.Serializer[Any]):
    source = serializers.CharField(  # type: ignore[assignment]
        help_text="what kind of thing it is, such as Help articles"
    )
    title = serializers.CharField()
    heading = serializers.CharField(allow_blank=True, help_text="the section; empty for the whole")
    url = serializers.URLField(help_text="where to read it")
    excerpt = serializers.CharField(allow_blank=True, help_text="plain text around what was found")


class HelpAnswerSerializer(serializers.Serializer[Any]):
    results = HelpHitSerializer(many=True, help_text="the best first, at most 20")
