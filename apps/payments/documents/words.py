"""What documents say, in each language they can be in (`words/*.toml`)."""

from __future__ import annotations

import tomllib
from functools import cache
from pathlib import Path
from typing import Final

_FOLDER: Final = Path(__file__).with_name("words")
LANGUAGES: Final = tuple(sorted(path.stem for path in _FOLDER.glob("*.toml")))
ENGLISH: Final = "en"
# The language of offices there, by country; English elsewhere.
_SPOKEN: Final = {
    "de": ("DE", "AT", "CH", "LI"),
    "fr": ("FR", "BE", "LU", "MC"),
    "es": ("ES", "MX", "AR", "CL", "CO", "PE", "UY"),
}


@cache
def words(language: str) -> dict[str, str]:
    """By name. Raises `KeyError` for a language that documents cannot be in."""
    if language not in LANGUAGES:
        raise KeyError(language)
    with (_FOLDER / f"{language}.toml").open("rb") as file:
        return tomllib.load(file)


def language_of(country: str) -> str:
    """The language of documents for a buyer in `country` (ISO 3166-1 alpha-2)."""
    found = (language for language, countries in _SPOKEN.items() if country in countries)
    return next(found, ENGLISH)


def exemption(category: str, language: str) -> str:
    """Why no VAT is charged in a category (BT-120); nothing where some is, or at a zero rate."""
    return words(language).get(f"exemption_{category.lower()}", "")
