"""Which VAT is on a bill, and what a VAT number must look like. Knows no Django.

Rates: European Commission, "VAT rates in EU countries" (standard rates, as of 1 January 2026),
https://taxation-customs.ec.europa.eu/taxation/vat/vat-rates_en. Shapes of numbers: the same
Commission's VIES FAQ, question 11, https://ec.europa.eu/taxation_customs/vies/#/faq. Who owes the
tax: Council Directive 2006/112/EC, articles 44, 58 and 196 (services supplied electronically).

Regions with rules of their own (the Canaries, Northern Ireland's goods, Livigno …) are charged as
the country they belong to.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final, Literal

from apps.payments.countries import COUNTRIES

Kind = Literal["domestic", "destination", "reverse_charge", "outside"]
Verification = Literal["", "pending", "verified", "unverified", "unavailable"]

STANDARD_RATES: Final[dict[str, Decimal]] = {
    country: Decimal(rate)
    for country, rate in {
        "AT": "20", "BE": "21", "BG": "20", "CY": "19", "CZ": "21", "DE": "19", "DK": "25",
        "EE": "24", "ES": "21", "FI": "25.5", "FR": "20", "GR": "24", "HR": "25", "HU": "27",
        "IE": "23", "IT": "22", "LT": "21", "LU": "17", "LV": "21", "MT": "18", "NL": "21",
        "PL": "23", "PT": "23", "RO": "21", "SE": "25", "SI": "22", "SK": "23",
    }.items()
}  # fmt: skip

# A number counts while it is looked up, and while the office's register does not answer: a business
# that gave its number in good faith is not to lay out a tax that it does not owe and pays back to
# nobody. Stripe goes on asking, and once the answer is "unverified" the tax is charged from the
# next invoice on. The seller has to have the number confirmed: Council Implementing Regulation
# (EU) 282/2011, article 18(1)(a).
COUNTING: Final = frozenset({"verified", "pending", "unavailable"})
REVERSE_CHARGE_NOTE: Final = "Reverse charge: the customer owes the VAT (Art. 196 2006/112/EC)."
OUTSIDE_NOTE: Final = "Not subject to VAT in the European Union (Art. 44 and 58 2006/112/EC)."


@dataclass(frozen=True)
class Tax:
    """What is on a bill: `percentage` of the net amount, for `country` (ISO 3166-1 alpha-2)."""

    kind: Kind
    percentage: Decimal
    country: str

    @property
    def note(self) -> str:
        """What the invoice must say; empty where VAT is charged."""
        notes = {"reverse_charge": REVERSE_CHARGE_NOTE, "outside": OUTSIDE_NOTE}
        return notes.get(self.kind, "")

    @property
    def label(self) -> str:
        if self.kind == "reverse_charge":
            return "VAT, reverse charge"
        if self.kind == "outside":
            return "No VAT"
        return f"VAT {self.percentage.normalize():f} %, {self.country}"

    @property
    def country_name(self) -> str:
        return COUNTRIES.get(self.country, self.country)

    @property
    def key(self) -> str:
        """Names it at Stripe; another percentage is another rate, old ones stay on old bills."""
        country = self.country if self.percentage else "eu"
        return f"{self.kind}_{country}_{self.percentage.normalize():f}".lower()


def decide(*, seller: str, country: str, vat_id: str = "", verification: Verification = "") -> Tax:
    """The tax of a customer in `country` who buys from `seller` (both ISO 3166-1 alpha-2).

    A country that is not known yet is taken to be the seller's. A VAT number moves the tax to the
    customer once it is at Stripe (`verification` is not empty) unless the country's office says
    that there is no such number (`COUNTING`).
    """
    buyer = (country or seller).upper()
    seller = seller.upper()
    if buyer not in STANDARD_RATES:
        return Tax("outside", Decimal(0), buyer)
    if buyer == seller:
        return Tax("domestic", STANDARD_RATES[buyer], buyer)
    if _is_business(buyer, vat_id, verification):
        return Tax("reverse_charge", Decimal(0), buyer)
    return Tax("destination", STANDARD_RATES[buyer], buyer)


def every(*, seller: str) -> list[Tax]:
    """All that `decide` can come to, once each; what has no percentage is of no country."""
    charged = [decide(seller=seller, country=country) for country in STANDARD_RATES]
    return [*charged, Tax("reverse_charge", Decimal(0), ""), Tax("outside", Decimal(0), "")]


def _is_business(country: str, vat_id: str, verification: Verification) -> bool:
    if not vat_id or verification not in COUNTING:
        return False
    number = normalised(vat_id)
    return country_of(number) == country and problem(number, country=country) == ""


@dataclass(frozen=True)
class Scheme:
    """A kind of tax number: Stripe's `type`, what it must match without blanks, an example."""

    type: str
    pattern: re.Pattern[str]
    example: str


def _eu(pattern: str, example: str) -> Scheme:
    return Scheme("eu_vat", re.compile(pattern), example)


# By country. Greece writes EL in its numbers.
SCHEMES: Final[dict[str, Scheme]] = {
    "AT": _eu(r"ATU\d{8}", "ATU12345678"),
    "BE": _eu(r"BE[01]\d{9}", "BE0123456789"),
    "BG": _eu(r"BG\d{9,10}", "BG123456789"),
    "CY": _eu(r"CY\d{8}[A-Z]", "CY12345678X"),
    "CZ": _eu(r"CZ\d{8,10}", "CZ12345678"),
    "DE": _eu(r"DE\d{9}", "DE123456789"),
    "DK": _eu(r"DK\d{8}", "DK12345678"),
    "EE": _eu(r"EE\d{9}", "EE123456789"),
    "ES": _eu(r"ES([A-Z]\d{7}[A-Z0-9]|\d{8}[A-Z])", "ESA12345678"),
    "FI": _eu(r"FI\d{8}", "FI12345678"),
    "FR": _eu(r"FR[A-HJ-NP-Z0-9]{2}\d{9}", "FR12345678901"),
    "GR": _eu(r"EL\d{9}", "EL123456789"),
    "HR": _eu(r"HR\d{11}", "HR12345678901"),
    "HU": _eu(r"HU\d{8}", "HU12345678"),
    "IE": _eu(r"IE(\d{7}[A-W][A-IW]?|\d[A-Z+*]\d{5}[A-W])", "IE1234567A"),
    "IT": _eu(r"IT\d{11}", "IT12345678901"),
    "LT": _eu(r"LT(\d{9}|\d{12})", "LT123456789"),
    "LU": _eu(r"LU\d{8}", "LU12345678"),
    "LV": _eu(r"LV\d{11}", "LV12345678901"),
    "MT": _eu(r"MT\d{8}", "MT12345678"),
    "NL": _eu(r"NL[A-Z0-9+*]{10}\d{2}", "NL123456789B01"),
    "PL": _eu(r"PL\d{10}", "PL1234567890"),
    "PT": _eu(r"PT\d{9}", "PT123456789"),
    "RO": _eu(r"RO\d{2,10}", "RO1234567890"),
    "SE": _eu(r"SE\d{10}01", "SE123456789001"),
    "SI": _eu(r"SI\d{8}", "SI12345678"),
    "SK": _eu(r"SK\d{10}", "SK1234567890"),
    "CH": Scheme("ch_vat", re.compile(r"CHE\d{9}(MWST|TVA|IVA)"), "CHE-123.456.789 MWST"),
    "GB": Scheme("gb_vat", re.compile(r"GB(\d{9}|\d{12}|(GD|HA)\d{3})"), "GB123456789"),
    "NO": Scheme("no_vat", re.compile(r"\d{9}MVA"), "123456789 MVA"),
}
STRIPE_TYPES: Final = frozenset(one.type for one in SCHEMES.values())


def normalised(number: str) -> str:
    """As offices compare it: large letters, without blanks, dots and hyphens."""
    return re.sub(r"[\s.\-/]", "", number).upper()


def country_of(number: str) -> str:
    """The country that a number says it is of; empty where it says none that is known."""
    number = normalised(number)
    if number.endswith("MVA"):
        return "NO"
    prefix = "GR" if number.startswith("EL") else number[:2]
    return prefix if prefix in SCHEMES else ""


def problem(number: str, *, country: str) -> str:
    """What is wrong with a VAT number of a customer in `country`: a sentence, "" for nothing."""
    scheme = SCHEMES.get(country.upper())
    if scheme is None:
        return "VAT numbers of this country are not needed: leave it empty."
    found = normalised(number)
    named = country_of(found)
    if named and named != country.upper():
        return f"This is a number of another country ({named}) than the address ({country})."
    if scheme.pattern.fullmatch(found):
        return ""
    return f"This is no VAT number of {country}. One looks like {scheme.example}."


def stripe_type(country: str) -> str:
    """What Stripe calls the country's kind of number. Raises `KeyError` for a country without."""
    return SCHEMES[country.upper()].type


def stripe_value(number: str, *, country: str) -> str:
    """The number as Stripe writes it.
    https://docs.stripe.com/billing/customer/tax-ids#supported-tax-id.
    """
    found = normalised(number)
    if country.upper() == "CH":
        return f"CHE-{found[3:6]}.{found[6:9]}.{found[9:12]} {found[12:]}"
    return found
