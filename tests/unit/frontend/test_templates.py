"""Every template compiles, suits the strict policy, and names things that exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.template.loader import get_template
from django.urls import get_resolver

ROOT = Path(__file__).parents[3]
TEMPLATES = ROOT / "templates"
PAGES = sorted(path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.rglob("*.html"))
# Mail programs read only inline styles; the console is unfold's and has its own policy.
UNDER_POLICY = [n for n in PAGES if not n.startswith(("mail/", "operator/login", "admin/"))]
COMPONENTS = [name for name in PAGES if name.startswith("cotton/")]
SYMBOLS = set(re.findall(r'<symbol id="([^"]+)"', (ROOT / "static/icons.svg").read_text()))


def read(name: str) -> str:
    text = (TEMPLATES / name).read_text()
    return re.sub(r"{% comment %}.*?{% endcomment %}|{#.*?#}", "", text, flags=re.DOTALL)


@pytest.mark.parametrize("name", PAGES)
def test_template_compiles_and_holds_something(name):
    assert get_template(name).template.nodelist
    assert read(name).strip()


@pytest.mark.parametrize("name", UNDER_POLICY)
def test_no_inline_script_or_style(name):
    text = read(name)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|javascript:", text)
    assert not re.search(r"<script(?![^>]*\ssrc=)", text)


@pytest.mark.parametrize("name", PAGES)
def test_icons_exist(name):
    named = re.findall(r'<c-icon name="([a-z-]+)"|\sicon="([a-z-]+)"', read(name))
    assert {one or other for one, other in named} <= SYMBOLS


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


@pytest.mark.parametrize("name", PAGES)
def test_addresses_have_names_that_exist(name):
    # `{% url … as x %}` may ask for a page that this host does not have.
    named = re.findall(r"""{% url ["']([a-z_]+)["'][^%]*?( as \w+)? %}""", read(name))
    missing = {url for url, optional in named if not optional and not _exists(url)}
    assert not missing


def _exists(name: str) -> bool:
    hosts = ("config.urls_public", "config.urls_workspace")
    return any(name in get_resolver(host).reverse_dict for host in hosts)
