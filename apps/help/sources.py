"""What help search looks through beside the articles: each upper floor's own rows.

A source answers from where its rows live, so what it finds is never stale, and says by which
permission a member may see it. It is registered in the `AppConfig.ready` of its app:

    sources.register(Source("courses", "Courses", "courses.view", find))

    def find(question: str, most: int) -> Iterable[Document]:
        rows = Course.objects.annotate(words=SearchVector("name", "text", config="english"))
        for course in rows.filter(words=any_word(question))[:most]:
            yield Document(course.name, course.text, course.get_absolute_url())
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass

MOST = 5


@dataclass(frozen=True)
class Document:
    """Something of the present workspace. `text` is plain and is shown around the words found."""

    title: str
    text: str
    url: str


@dataclass(frozen=True)
class Source:
    """`find` is called in the workspace, with the question and how many documents it may give,
    the best first; in a constant number of queries.
    """

    name: str
    label: str
    permission: str
    find: Callable[[str, int], Iterable[Document]]


_sources: dict[str, Source] = {}


def register(source: Source) -> None:
    """A second one of the same name takes its place."""
    _sources[source.name] = source


def open_to(can: Collection[str]) -> list[Source]:
    """The sources that somebody with these permissions may see, by name."""
    return [_sources[name] for name in sorted(_sources) if _sources[name].permission in can]
