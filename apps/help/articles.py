"""Help articles: Markdown files in `articles/`, read once by each process.

A file begins with lines `name: value` (`title`, `summary`, `group`, `order`) and an empty line. Its
name is the article's address. Second-level headings make sections, each found by search on its own.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from markdown_it import MarkdownIt

from apps.core.errors import NotFound

FOLDER = Path(__file__).parent / "articles"
GROUPS = (
    "Begin", "Sign in", "Classes and people", "Releases", "The workspace", "For programs",
)  # fmt: skip
_FACT = re.compile(r"(title|summary|group|order): (.+)")


@dataclass(frozen=True)
class Section:
    """`text` is plain; the part before the first heading has neither heading nor anchor."""

    heading: str
    anchor: str
    text: str


@dataclass(frozen=True)
class Article:
    slug: str
    title: str
    summary: str
    group: str
    order: int
    html: SafeString
    sections: tuple[Section, ...]


@dataclass(frozen=True)
class Group:
    name: str
    articles: tuple[Article, ...]


class BadArticle(ValueError):
    """A file is not written as articles are."""


@cache
def all_articles() -> dict[str, Article]:
    """By slug, in the order of the groups. Raises `BadArticle`."""
    found = [_read(path) for path in sorted(FOLDER.glob("*.md"))]
    found.sort(key=lambda article: (GROUPS.index(article.group), article.order, article.title))
    return {article.slug: article for article in found}


def groups() -> list[Group]:
    articles = all_articles().values()
    return [Group(name, tuple(a for a in articles if a.group == name)) for name in GROUPS]


def find(*, slug: str) -> Article:
    article = all_articles().get(slug)
    if article is None:
        raise NotFound("There is no such help article. Search for what you need.")
    return article


@cache
def digest() -> str:
    """Changes when any article does."""
    told = hashlib.sha256()
    for article in all_articles().values():
        told.update(repr((article.slug, article.title, article.sections)).encode())
    return told.hexdigest()


def _read(path: Path) -> Article:
    head, _, body = path.read_text().partition("\n\n")
    matches = map(_FACT.fullmatch, head.splitlines())
    facts = {str(found[1]): str(found[2]) for found in matches if found}
    if set(facts) != {"title", "summary", "group", "order"} or facts["group"] not in GROUPS:
        raise BadArticle(f"{path.name} has to begin with title, summary, group and order.")
    html, sections = _render(body, facts["summary"])
    return Article(
        slug=path.stem, title=facts["title"], summary=facts["summary"], group=facts["group"],
        order=int(facts["order"]), html=html, sections=sections,
    )  # fmt: skip


def _render(body: str, summary: str) -> tuple[SafeString, tuple[Section, ...]]:
    # Without raw HTML: what is written is what is shown.
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse(body)
    sections, heading, anchor, texts = [], "", "", [summary]
    for number, token in enumerate(tokens):
        if token.type == "heading_open" and token.tag == "h2":
            sections.append(Section(heading, anchor, _joined(texts)))
            heading, texts = tokens[number + 1].content, []
            anchor = slugify(heading)
            token.attrSet("id", anchor)
        elif token.type in {"inline", "fence"} and token.content != heading:
            texts.append(_plain(token))
    sections.append(Section(heading, anchor, _joined(texts)))
    html = markdown.renderer.render(tokens, markdown.options, {})
    return mark_safe(html), tuple(sections)  # noqa: S308 -- our own files, without raw HTML


def _plain(token: Any) -> str:
    if token.type == "fence":
        return str(token.content)
    return "".join(
        " " if child.type in {"softbreak", "hardbreak"} else child.content
        for child in token.children or ()
    )


def _joined(texts: list[str]) -> str:
    return " ".join(" ".join(texts).split())
