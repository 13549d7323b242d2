"""Every template compiles, suits the strict policy, and names things that exist."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest
from django.template import TemplateSyntaxError
from django.template.loader import get_template
from django.urls import get_resolver

ROOT = Path(__file__).parents[3]
TEMPLATES = ROOT / "templates"
PAGES = sorted(path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.html"))
# Mail programs read only inline styles; the console is unfold's and has its own policy.
UNDER_POLICY = [n for n in PAGES if not n.startswith(("mail/", "operator/login", "admin/"))]
COMPONENTS = [name for name in PAGES if name.startswith("cotton/")]
SYMBOLS = set(re.findall(r'<symbol id="([^"]+)"', (ROOT / "static/icons.svg").read_text()))


HOSTS = ("config.urls_public", "config.urls_workspace")


@cache
def read(name: str) -> str:
    text = (TEMPLATES / name).read_text()
    return re.sub(r"{% comment %}.*?{% endcomment %}|{#.*?#}", "", text, flags=re.DOTALL)


# Each of these looks at all templates and tells of every one that is wrong: as many tests as there
# are templates would take ten times as long.


def test_templates_compile_and_hold_something():
    assert {name: why for name in PAGES if (why := _fault(name))} == {}


def _fault(name: str) -> str:
    try:
        compiled = get_template(name).template
    except TemplateSyntaxError as error:
        return str(error)
    return "" if compiled.nodelist and read(name).strip() else "empty"


def test_no_inline_script_or_style():
    inline = re.compile(
        r"<style|\sstyle=|\son[a-z]+=|javascript:|<script(?![^>]*\ssrc=)"
    )
    assert {n: found.group() for n in UNDER_POLICY if (found := inline.search(read(n)))} == {}


def test_icons_exist():
    assert {name: missing for name in PAGES if (missing := _icons(name) - SYMBOLS)} == {}


def _icons(name: str) -> set[str]:
    named = re.findall(r'<c-icon name="([a-z-]+)"|\sicon="([a-z-]+)"', read(name))
    return {one or other for one, other in named}


@pytest.mark.parametrize("name", COMPONENTS)
def test_component_is_documented_where_it_stands_and_in_the_list(name):
    component = Path(name).stem.replace("_", "-")
    assert f"<c-{component}" in (TEMPLATES / name).read_text().splitlines()[0]
    assert f"`{component}`" in (TEMPLATES / "README.md").read_text()


@pytest.mark.parametrize("name", COMPONENTS)
def test_component_stands_in_the_gallery_or_in_one_that_does(name):
    tag = f"<c-{Path(name).stem.replace('_', '-')}"
    places = ["operator/design.html", "layouts/workspace.html", "layouts/_nav_items.html"]
    places += [other for other in COMPONENTS if other != name]
    assert any(re.search(rf"{tag}[\s/>]", read(other)) for other in places)


def test_addresses_have_names_that_exist():
    known = {name for host in HOSTS for name in get_resolver(host).reverse_dict}
    assert {name: missing for name in PAGES if (missing := _addresses(name) - known)} == {}


def _addresses(name: str) -> set[str]:
    # `{% url … as x %}` may ask for a page that this host does not have.
    named = re.findall(r"""{% url ["']([a-z_]+)["'][^%]*?( as \w+)? %}""", read(name))
    return {url for url, optional in named if not optional}
