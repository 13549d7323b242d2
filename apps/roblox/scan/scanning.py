"""Scan every script of a document, within time."""

from __future__ import annotations

import time

from apps.roblox.files.document import SCRIPT_SUFFIX, Document, Instance

from . import hiding, loading, network, placement
from .findings import Finding
from .folding import Folder
from .script import Report, Script
from .syntax import OutOfTimeError, parse

LARGEST_SOURCE = 2 << 20
SECONDS_A_SCRIPT = 10.0
MOST_FINDINGS = 2_000
MOST_PAYLOADS = 200


def scan(document: Document, *, seconds: float = 60.0) -> list[Finding]:
    """Findings, worst first, then in file order; at most 2,000.

    Reads only. Takes at most `seconds` (and 10 s a script): what was left out is itself a
    critical finding, so a file cannot hide by being slow.
    """
    deadline = time.monotonic() + seconds
    findings = _payloads(document)
    for instance in document.instances():
        if not instance.class_name.endswith(SCRIPT_SUFFIX):
            continue
        findings += _scan_instance(instance, deadline)
        if len(findings) >= MOST_FINDINGS:
            findings.append(_cut_short(instance))
            break
    findings.sort(key=lambda finding: -finding.severity.rank)
    return findings


def _payloads(document: Document) -> list[Finding]:
    """One for an instance, however often its data match."""
    reports: dict[int, Report] = {}
    for instance, what in placement.payloads(document):
        if id(instance) not in reports:
            if len(reports) >= MOST_PAYLOADS:
                break
            reports[id(instance)] = Report(instance.path)
        reports[id(instance)].add("data-payload", what)
    return [finding for report in reports.values() for finding in report.findings]


def _cut_short(instance: Instance) -> Finding:
    report = Report(instance.path)
    report.add("scan-incomplete", f"The scan stopped after {MOST_FINDINGS} findings")
    return report.findings[0]


def _scan_instance(instance: Instance, deadline: float) -> list[Finding]:
    source = instance.text("Source") or ""
    report = Report(instance.path, source.encode())
    placement.check(instance, report)
    if source:
        _scan_report(report, deadline)
    return report.findings


def scan_source(source: str, *, path: str = "Script", seconds: float = 10.0) -> list[Finding]:
    """Findings in one script's text."""
    report = Report(path, source.encode("utf-8", "replace"))
    _scan_report(report, time.monotonic() + seconds)
    return sorted(report.findings, key=lambda finding: -finding.severity.rank)


def _scan_report(report: Report, deadline: float) -> None:
    if time.monotonic() > deadline:
        report.add("scan-incomplete", "The scan of the file took too long to reach this script", 0)
        return
    hiding.check_text(report)
    if len(report.source) > LARGEST_SOURCE:
        report.add("scan-incomplete", f"The script is larger than {LARGEST_SOURCE >> 20} MiB", 0)
        return
    try:
        _check_syntax(report, min(deadline, time.monotonic() + SECONDS_A_SCRIPT))
    except OutOfTimeError:
        report.add("scan-incomplete", "Parsing the script takes too long", 0)


def _check_syntax(report: Report, deadline: float) -> None:
    syntax = parse(report.source, deadline)
    if syntax.error is not None:
        report.add("syntax-error", "The script has a syntax error", syntax.error.start_byte)
    script = Script(syntax, Folder(syntax), report)
    for check in (loading.check, network.check, hiding.check):
        check(script)
