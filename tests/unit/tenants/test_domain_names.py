from __future__ import annotations

import pytest

from apps.core.errors import Invalid
from apps.tenants.domain_names import normalise, readable


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("lab.school.example", "lab.school.example"),
        (" Lab.School.Example. ", "lab.school.example"),
        ("https://lab.school.example/rooms?x=1", "lab.school.example"),
        ("http://me@lab.school.example:8080", "lab.school.example"),
        ("schule-münchen.example", "xn--schule-mnchen-3ob.example"),
        ("学校.example", "xn--48s290a.example"),
        ("lab。school。example", "lab.school.example"),
        ("school.co.uk", "school.co.uk"),
    ],
)
def test_a_domain_is_written_in_many_ways(written, name):
    assert normalise(written) == name


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("*.school.example", "wildcard"),
        ("127.0.0.1", "IP address"),
        ("[::1]", "not a domain"),
        ("localhost", "not a domain"),
        ("alpha.localhost", "product's own"),
        ("co.uk", "public suffix"),
        ("github.io", "public suffix"),
        ("school", "not a domain"),
        ("", "not a domain"),
        ("-a.example", "not a domain"),
        ("a..example", "not a domain"),
        ("under_score.example", "not a domain"),
        ("a b.example", "not a domain"),
        ("x\x00y.example", "not a domain"),
        (f"{'a' * 64}.example", "not a domain"),
        (".".join(["a" * 60] * 4) + ".example", "not a domain"),
    ],
)
def test_what_can_be_nobodys_own_domain_is_refused(written, said):
    with pytest.raises(Invalid) as caught:
        normalise(written)
    assert said in caught.value.errors["domain"][0]


def test_people_read_letters():
    assert readable("xn--schule-mnchen-3ob.example") == "schule-münchen.example"
