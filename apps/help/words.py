"""PostgreSQL's full text search as people ask: any word counts, and the last may be half typed."""

from __future__ import annotations

import re

from django.contrib.postgres.search import SearchHeadline, SearchQuery
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from apps.help.models import LANGUAGE

WORD = re.compile(r"[^\W_]+")
# Signs of the private use area, which no article has, and no quoting of HTML touches.
BEGIN, END = "\ue000", "\ue001"


def any_word(question: str) -> SearchQuery:
    """A query for rows with any word of the question, its last one as a beginning of words."""
    words = WORD.findall(question)
    last = [f"{words[-1]}:*"] if words else []
    # Nothing but letters and digits is left, so nothing in it means anything to `to_tsquery`.
    return SearchQuery(" | ".join([*words, *last]), config=LANGUAGE, search_type="raw")


def excerpt(column: str, query: SearchQuery) -> SearchHeadline:
    """The parts of a column around the words that were found, for `marked`."""
    return SearchHeadline(
        column, query, config=LANGUAGE, start_sel=BEGIN, stop_sel=END,
        max_words=32, min_words=14, max_fragments=2, fragment_delimiter=" … ",
    )  # fmt: skip


def marked(text: str) -> SafeString:
    """An excerpt as HTML, what was found in <mark>."""
    safe = escape(text).replace(BEGIN, "<mark>").replace(END, "</mark>")
    return mark_safe(safe)  # noqa: S308 -- escaped just now


def plain(text: str) -> str:
    return text.replace(BEGIN, "").replace(END, "")
