from __future__ import annotations

import time

import pytest

from apps.roblox.files import Document, Instance, Property, ValueType, read
from apps.roblox.scan import RULES, Finding, Severity, blocks_release, scan, scan_source, worst
from apps.roblox.scan.scanning import LARGEST_SOURCE
from tests.unit.roblox.files.material import SAMPLES

from .sources import found


def document(*sources: str) -> Document:
    return Document(
        "model",
        "xml",
        [
            Instance(
                "Script", f"S{n}", {"Source": Property(ValueType.PROTECTED_STRING, text.encode())}
            )
            for n, text in enumerate(sources)
        ],
    )


def test_findings_come_worst_first_with_their_place():
    findings = scan(document("print(1)\n\n  loadstring(x)()", "\nrequire(1234567)"))
    assert [(f.rule, f.path, f.line, f.column) for f in findings] == [
        ("require-asset-id", "S1", 2, 1),
        ("loadstring", "S0", 3, 3),
    ]
    assert blocks_release(findings)
    assert worst(findings) is Severity.CRITICAL


def test_a_finding_says_what_why_and_what_to_do():
    (finding,) = scan_source("require(1234567)")
    rule = RULES["require-asset-id"]
    assert finding.message == f"Requires asset 1234567. {rule.why} {rule.advice}"
    assert finding.excerpt == "require(1234567)"


def test_nothing_found_blocks_nothing():
    assert worst([]) is None
    assert not blocks_release(scan(document("print('hello')")))


def test_high_findings_do_not_block():
    assert not blocks_release(scan_source("loadstring(x)()"))


def test_a_syntax_error_with_its_line():
    assert found("local a = 1\nlocal b = = 2\n") == {("syntax-error", 2)}


def test_rules_work_beside_a_syntax_error():
    assert ("require-asset-id", 2) in found("local b = = 2\nrequire(1234567)\n")


def test_modern_luau_parses():
    source = """
    type Point = { x: number, y: number? }
    local function add<T>(list: { T }, item: T): () table.insert(list, item) end
    for i, v in { 1, 2 } do if i == 1 then continue end print(`{i}: {v // 2}`) end
    local kind = if x then "a" elseif y then "b" else "c"
    x += 1; export type Name = string
    """
    assert found(source) == set()


def test_many_findings_of_a_rule_are_cut():
    assert len(scan_source("getfenv()\n" * 100)) == 20


def test_columns_count_characters():
    (finding,) = scan_source('local s = "\u00e9\u00e9\u00e9" require(1234567)')
    assert finding.column == 17


def test_excerpts_can_be_shown():
    finding = scan_source("require(1234567) -- \x00\u202e" + "x" * 400)[0]
    assert finding.excerpt.isprintable()
    assert len(finding.excerpt) == 160


def test_a_script_too_large_to_scan_blocks():
    findings = scan_source("--" + "x" * LARGEST_SOURCE)
    assert ("scan-incomplete", Severity.CRITICAL) in {(f.rule, f.severity) for f in findings}


HOSTILE = {
    "generics": "a<b," * 50_000,
    "not": "x=" + "not " * 100_000,
    "brackets": "(" * 200_000,
    "nested calls": "f(" * 100_000 + ")" * 100_000,
    "concatenation": "x=" + '"a"..' * 100_000 + '"b"',
    "doubling": 'local a0="x" '
    + " ".join(f"local a{n}=a{n - 1}..a{n - 1}" for n in range(1, 5000)),
    "circles": "local a=b local b=a require(a)" * 2000,
    "blanks": " " * 500_000 + "\nx",
    "templates": "x=" + "`{" * 50_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_sources_end_in_time(name):
    started = time.monotonic()
    findings = scan_source(HOSTILE[name], seconds=2.0)
    assert time.monotonic() - started < 20
    assert all(isinstance(finding, Finding) for finding in findings)


def test_running_out_of_time_blocks():
    findings = scan(document("print(1)"), seconds=-1.0)
    assert [finding.rule for finding in findings] == ["scan-incomplete"]


@pytest.mark.parametrize("name", SAMPLES)
def test_scripts_of_real_places_parse_and_do_not_block(name):
    findings = scan(read(SAMPLES[name], filename=name))
    assert "syntax-error" not in {finding.rule for finding in findings}
    assert not blocks_release(findings)
