"""The invoice as a program reads it: Factur-X 1.0 / ZUGFeRD 2, profile EN 16931.

UN/CEFACT's Cross Industry Invoice D22B; the order of elements is the schema's
(https://fnfe-mpe.org/factur-x/factur-x_en/).
"""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from lxml import etree

from apps.core.money import decimal
from apps.payments.documents.content import (
    UNIT,
    Buyer,
    Document,
    Line,
    Period,
    Seller,
    Tax,
)
from apps.payments.documents.words import exemption, words

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

PROFILE: Final = "urn:cen.eu:en16931:2017"
_STANDARD: Final = "urn:un:unece:uncefact:data:standard"
RSM: Final = f"{_STANDARD}:CrossIndustryInvoice:100"
RAM: Final = f"{_STANDARD}:ReusableAggregateBusinessInformationEntity:100"
UDT: Final = f"{_STANDARD}:UnqualifiedDataType:100"
QDT: Final = f"{_STANDARD}:QualifiedDataType:100"
NAMESPACES: Final = {"rsm": RSM, "ram": RAM, "udt": UDT, "qdt": QDT}
INVOICE, CREDIT_NOTE = "380", "381"  # UNTDID 1001
DAY: Final = "102"  # UNTDID 2379: CCYYMMDD
SEPA_TRANSFER, ONLINE = "58", "68"  # UNTDID 4461
DISCOUNT: Final = "95"  # UNTDID 5189
# CEF's list of exemption reasons (VATEX).
VATEX: Final = {"AE": "VATEX-EU-AE", "G": "VATEX-EU-G", "O": "VATEX-EU-O"}
# The address of a German authority, which its systems want as the buyer's reference (BT-10).
LEITWEG: Final = re.compile(r"\d{2,12}-[A-Za-z0-9]{0,30}-?\d{2}")


def write(document: Document) -> bytes:
    """The XML of an invoice or a credit note. The same document gives the same bytes."""
    root = etree.Element(f"{{{RSM}}}CrossIndustryInvoice", nsmap=NAMESPACES)
    context = _add(root, "rsm:ExchangedDocumentContext")
    _add(_add(context, "GuidelineSpecifiedDocumentContextParameter"), "ID", PROFILE)
    _header(root, document)
    trade = _add(root, "rsm:SupplyChainTradeTransaction")
    for number, line in enumerate(document.lines, 1):
        _line(trade, document, number, line)
    _agreement(trade, document)
    _add(trade, "ApplicableHeaderTradeDelivery")
    _settlement(trade, document)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8", pretty_print=True)


def _add(parent: Element, name: str, text: str = "", **attributes: str) -> Element:
    prefix, _, local = name.rpartition(":")
    added = etree.SubElement(parent, f"{{{NAMESPACES[prefix or 'ram']}}}{local}", attributes)
    if text:
        added.text = text
    return added


def _add_if(parent: Element, name: str, text: str, **attributes: str) -> None:
    if text:
        _add(parent, name, text, **attributes)


def _day(parent: Element, name: str, day: date, kind: str = "udt") -> None:
    _add(_add(parent, name), f"{kind}:DateTimeString", f"{day:%Y%m%d}", format=DAY)


def _period(parent: Element, period: Period | None) -> None:
    if period:
        made = _add(parent, "BillingSpecifiedPeriod")
        _day(made, "StartDateTime", period.start)
        _day(made, "EndDateTime", period.end)


def _number(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _amount(document: Document, minor: int) -> str:
    return f"{decimal(minor, document.currency):f}"


def _header(root: Element, document: Document) -> None:
    header = _add(root, "rsm:ExchangedDocument")
    _add(header, "ID", document.number)
    _add(header, "TypeCode", CREDIT_NOTE if document.kind == "credit_note" else INVOICE)
    _day(header, "IssueDateTime", document.issued_on)
    for note in document.notes:
        _add(_add(header, "IncludedNote"), "Content", note)


def _line(trade: Element, document: Document, number: int, line: Line) -> None:
    item = _add(trade, "IncludedSupplyChainTradeLineItem")
    _add(_add(item, "AssociatedDocumentLineDocument"), "LineID", str(number))
    _add(_add(item, "SpecifiedTradeProduct"), "Name", line.description)
    price = _add(_add(item, "SpecifiedLineTradeAgreement"), "NetPriceProductTradePrice")
    _price(price, document, line)
    delivery = _add(item, "SpecifiedLineTradeDelivery")
    _add(delivery, "BilledQuantity", _number(_billed(line)), unitCode=UNIT)
    settlement = _add(item, "SpecifiedLineTradeSettlement")
    _tax_of_line(settlement, line)
    _period(settlement, line.period)
    _allowance(settlement, document, line)
    summation = _add(settlement, "SpecifiedTradeSettlementLineMonetarySummation")
    _add(summation, "LineTotalAmount", _amount(document, line.net))


def _billed(line: Line) -> Decimal:
    """A price is never negative (BR-27), so a quantity is, where something is given back."""
    return -abs(line.quantity) if line.amount < 0 else line.quantity


def _price(price: Element, document: Document, line: Line) -> None:
    """For one, or for as many as were billed where that is no multiple of the price of one."""
    if line.unit_amount is not None:
        one = line.unit_amount.scaleb(-2) * decimal(100, document.currency)
        _add(price, "ChargeAmount", _number(one))
        return
    _add(price, "ChargeAmount", _amount(document, abs(line.amount)))
    _add(price, "BasisQuantity", _number(abs(line.quantity) or Decimal(1)), unitCode=UNIT)


def _tax_of_line(settlement: Element, line: Line) -> None:
    tax = _add(settlement, "ApplicableTradeTax")
    _add(tax, "TypeCode", "VAT")
    _add(tax, "CategoryCode", line.category)
    if line.category != "O":
        _add(tax, "RateApplicablePercent", _number(line.rate))


def _allowance(settlement: Element, document: Document, line: Line) -> None:
    if not line.discount:
        return
    charge = _add(settlement, "SpecifiedTradeAllowanceCharge")
    given_back = line.discount < 0
    _add(_add(charge, "ChargeIndicator"), "udt:Indicator", "true" if given_back else "false")
    _add(charge, "ActualAmount", _amount(document, abs(line.discount)))
    if not given_back:
        _add(charge, "ReasonCode", DISCOUNT)
    _add(charge, "Reason", line.discount_name or words(document.language)["discount"])


def _agreement(trade: Element, document: Document) -> None:
    agreement = _add(trade, "ApplicableHeaderTradeAgreement")
    order = document.purchase_order
    if LEITWEG.fullmatch(order):
        _add(agreement, "BuyerReference", order)
    outside = "O" in document.categories
    _seller(_add(agreement, "SellerTradeParty"), document.seller, outside=outside)
    _buyer(_add(agreement, "BuyerTradeParty"), document.buyer, outside=outside)
    if order:
        _add(_add(agreement, "BuyerOrderReferencedDocument"), "IssuerAssignedID", order)


def _seller(party: Element, seller: Seller, *, outside: bool) -> None:
    """Outside the scope of VAT no VAT number may stand there (BR-O-02): it only identifies."""
    _add_if(party, "ID", seller.vat_id if outside else "")
    _add(party, "Name", seller.name)
    _add_if(party, "Description", seller.register)
    if seller.phone or seller.email:
        contact = _add(party, "DefinedTradeContact")
        _add(contact, "DepartmentName", seller.name)
        if seller.phone:
            _add(_add(contact, "TelephoneUniversalCommunication"), "CompleteNumber", seller.phone)
        if seller.email:
            _add(_add(contact, "EmailURIUniversalCommunication"), "URIID", seller.email)
    _address(party, seller)
    _mailbox(party, seller.email)
    if not outside:
        _registration(party, "VA", seller.vat_id)
    _registration(party, "FC", seller.tax_number)


def _buyer(party: Element, buyer: Buyer, *, outside: bool) -> None:
    _add(party, "Name", buyer.name)
    _address(party, buyer)
    _mailbox(party, buyer.email)
    if not outside:
        _registration(party, "VA", buyer.vat_id)


def _address(party: Element, owner: Seller | Buyer) -> None:
    address = _add(party, "PostalTradeAddress")
    _add_if(address, "PostcodeCode", owner.postal_code)
    _add_if(address, "LineOne", owner.line1)
    _add_if(address, "LineTwo", owner.line2)
    _add_if(address, "CityName", owner.city)
    _add(address, "CountryID", owner.country)
    if isinstance(owner, Buyer):
        _add_if(address, "CountrySubDivisionName", owner.state)


def _mailbox(party: Element, email: str) -> None:
    if email:
        _add(_add(party, "URIUniversalCommunication"), "URIID", email, schemeID="EM")


def _registration(party: Element, scheme: str, number: str) -> None:
    if number:
        _add(_add(party, "SpecifiedTaxRegistration"), "ID", number, schemeID=scheme)


def _settlement(trade: Element, document: Document) -> None:
    settlement = _add(trade, "ApplicableHeaderTradeSettlement")
    _add(settlement, "PaymentReference", document.number)
    _add(settlement, "InvoiceCurrencyCode", document.currency.upper())
    _means(settlement, document)
    for tax in document.taxes:
        _tax(settlement, document, tax)
    _period(settlement, document.period)
    _terms(settlement, document)
    _totals(settlement, document)
    if document.reference:
        reference = _add(settlement, "InvoiceReferencedDocument")
        _add(reference, "IssuerAssignedID", document.reference.number)
        _day(reference, "FormattedIssueDateTime", document.reference.issued_on, "qdt")


def _means(settlement: Element, document: Document) -> None:
    if document.means == "none":
        return
    means = _add(settlement, "SpecifiedTradeSettlementPaymentMeans")
    if document.means == "automatic":
        _add(means, "TypeCode", ONLINE)
        return
    payee = document.account
    _add(means, "TypeCode", SEPA_TRANSFER)
    account = _add(means, "PayeePartyCreditorFinancialAccount")
    _add(account, "IBANID", payee.iban)
    _add(account, "AccountName", payee.holder)
    if payee.bic:
        bank = _add(means, "PayeeSpecifiedCreditorFinancialInstitution")
        _add(bank, "BICID", payee.bic)


def _tax(settlement: Element, document: Document, tax: Tax) -> None:
    made = _add(settlement, "ApplicableTradeTax")
    _add(made, "CalculatedAmount", _amount(document, tax.amount))
    _add(made, "TypeCode", "VAT")
    _add_if(made, "ExemptionReason", exemption(tax.category, document.language))
    _add(made, "BasisAmount", _amount(document, tax.basis))
    _add(made, "CategoryCode", tax.category)
    _add_if(made, "ExemptionReasonCode", VATEX.get(tax.category, ""))
    if tax.category != "O":
        _add(made, "RateApplicablePercent", _number(tax.rate))


def _terms(settlement: Element, document: Document) -> None:
    if document.due_on is None:
        return
    terms = _add(settlement, "SpecifiedTradePaymentTerms")
    said = words(document.language)
    by_transfer = document.means == "transfer"
    _add(terms, "Description", said["terms_transfer" if by_transfer else "terms_automatic"])
    _day(terms, "DueDateDateTime", document.due_on)


def _totals(settlement: Element, document: Document) -> None:
    summation = _add(settlement, "SpecifiedTradeSettlementHeaderMonetarySummation")
    _add(summation, "LineTotalAmount", _amount(document, document.net))
    _add(summation, "TaxBasisTotalAmount", _amount(document, document.net))
    _add(
        summation,
        "TaxTotalAmount",
        _amount(document, document.tax),
        currencyID=document.currency.upper(),
    )
    _add(summation, "GrandTotalAmount", _amount(document, document.total))
    if document.prepaid:
        _add(summation, "TotalPrepaidAmount", _amount(document, document.prepaid))
    _add(summation, "DuePayableAmount", _amount(document, document.due))
