"""The articles are written as articles are, and lead nowhere that is not there."""

from __future__ import annotations

import re

import pytest

from apps.core.errors import NotFound
from apps.help import articles, words

ARTICLES = list(articles.all_articles().values())


@pytest.mark.parametrize("article", ARTICLES, ids=lambda article: article.slug)
class TestEach:
    def test_it_is_short_and_has_what_search_needs(self, article):
        assert re.fullmatch(r"[a-z][a-z0-9-]{2,59}", article.slug)
        assert len(article.title) <= 60
        assert article.summary.endswith(".")
        text = " ".join(section.text for section in article.sections)
        assert 50 <= len(text.split()) <= 450

    def test_its_sections_can_be_led_to(self, article):
        anchors = [section.anchor for section in article.sections[1:]]
        assert len(set(anchors)) == len(anchors)
        for anchor in anchors:
            assert f'<h2 id="{anchor}">' in article.html


def test_there_is_something_of_everything():
    assert len(ARTICLES) >= 20
    assert all(group.articles for group in articles.groups())


def test_html_in_a_file_is_text(tmp_path):
    path = tmp_path / "bad.md"
    path.write_text(
        "title: T\nsummary: S.\ngroup: Begin\norder: 1\n\n<script>x</script> & [y](javascript:z)"
    )
    article = articles._read(path)
    assert "<script" not in article.html
    assert 'href="javascript' not in article.html


@pytest.mark.parametrize("head", ["title: T", "title: T\nsummary: S.\ngroup: Odd\norder: 1"])
def test_a_file_that_begins_otherwise_is_refused(tmp_path, head):
    path = tmp_path / "bad.md"
    path.write_text(f"{head}\n\ntext")
    with pytest.raises(articles.BadArticle):
        articles._read(path)


def test_an_unknown_article_is_not_found():
    with pytest.raises(NotFound):
        articles.find(slug="nothing")


def test_marks_are_the_only_html_of_an_excerpt():
    text = f"a <b> {words.BEGIN}release{words.END} & c"
    assert words.marked(text) == "a &lt;b&gt; <mark>release</mark> &amp; c"
    assert words.plain(text) == "a <b> release & c"
