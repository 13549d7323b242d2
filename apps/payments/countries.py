"""Countries by their ISO 3166-1 codes, with English names (Unicode CLDR's, through Babel)."""

from __future__ import annotations

from typing import Final

from babel import Locale

# Regions of CLDR that are no countries, and codes that ISO 3166-1 reserves or leaves to users.
OTHERS: Final = frozenset(
    {"AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "XK", "ZZ"}
)

COUNTRIES: Final[dict[str, str]] = dict(
    sorted(
        (
            (code, name)
            for code, name in Locale("en").territories.items()
            if len(code) == 2 and code.isalpha() and code not in OTHERS  # noqa: PLR2004
        ),
        key=lambda entry: entry[1].lower(),
    )
)
