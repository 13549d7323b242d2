"""The export file, without a database."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from apps.transfers.errors import BadKey, ExportDamaged, ExportSealed
from apps.transfers.format import archive, copy_text, keys, sealing
from apps.transfers.format.tallies import Tally

PUBLIC, PRIVATE = keys.make_opener()
VALUES = st.lists(
    st.none() | st.text(st.characters(exclude_characters="\x00", codec="utf-8")), min_size=1
)
SIZES = [0, 1, sealing.CHUNK - 1, sealing.CHUNK, sealing.CHUNK + 1, 3 * sealing.CHUNK]


def tally(*blocks):
    found = Tally()
    for block in blocks:
        found.feed(block)
    return found


class TestTallies:
    @given(st.lists(st.binary().filter(lambda line: b"\n" not in line)), st.randoms())
    def test_order_does_not_matter(self, lines, shuffler):
        mixed = lines.copy()
        shuffler.shuffle(mixed)
        first, second = (tally(b"".join(x + b"\n" for x in each)) for each in (lines, mixed))
        assert (first.rows, first.hash) == (second.rows, second.hash)

    @given(st.binary(), st.integers(0, 50))
    def test_neither_do_blocks(self, text, place):
        cut = min(place, len(text))
        assert tally(text).hash == tally(text[:cut], text[cut:]).hash

    def test_a_row_that_is_there_twice_shows(self):
        assert tally(b"a\na\nb\n").hash != tally(b"b\n").hash

    def test_a_line_without_its_end_shows(self):
        assert (tally(b"a\nb\n").is_whole, tally(b"a\nb").is_whole) == (True, False)


class TestCopyText:
    @given(VALUES)
    def test_what_is_rendered_is_parsed(self, values):
        assert copy_text.parse(copy_text.render(values)) == values

    @given(VALUES)
    def test_a_row_is_one_line(self, values):
        assert b"\n" not in copy_text.render(values)

    def test_null_is_not_its_letters(self):
        assert copy_text.render([None, "\\N", ""]) == b"\\N\t\\\\N\t"


def sealed(content):
    target = io.BytesIO()
    with sealing.Sealer(target, keys.recipient(PUBLIC)) as sealer:
        sealer.write(content)
    return target.getvalue()


def opened(content, private=PRIVATE):
    return sealing.Opener(io.BytesIO(content), keys.opener(private)).readall()


class TestSealing:
    @pytest.mark.parametrize("size", SIZES)
    def test_what_is_sealed_opens(self, size):
        content = (bytes(range(251)) * (size // 251 + 1))[:size]
        assert opened(sealed(content)) == content

    def test_with_no_other_key(self):
        with pytest.raises(ExportSealed):
            opened(sealed(b"secret"), keys.make_opener()[1])

    @pytest.mark.parametrize("place", [3, 20, 60, sealing.CHUNK + 100, -1])
    def test_a_changed_byte_shows(self, place):
        content = bytearray(sealed(bytes(2 * sealing.CHUNK)))
        content[place] ^= 1
        with pytest.raises((ExportDamaged, ExportSealed)):
            opened(bytes(content))

    def test_a_header_that_keeps_no_secret_is_refused(self):
        with pytest.raises(ExportDamaged, match="header"):
            opened(sealing.MAGIC + bytes(sealing.PUBLIC_BYTES) + bytes(100))

    def test_a_missing_end_shows(self):
        content = sealed(bytes(3 * sealing.CHUNK))
        whole = sealing.HEADER_BYTES + 2 * (sealing.CHUNK + sealing.TAG_BYTES)
        for size in (10, sealing.HEADER_BYTES, whole, len(content) - 1):
            with pytest.raises((ExportDamaged, ExportSealed)):
                opened(content[:size])

    def test_chunks_that_changed_places_show(self):
        content, step = sealed(bytes(3 * sealing.CHUNK)), sealing.CHUNK + sealing.TAG_BYTES
        head, first, second, rest = (
            content[: sealing.HEADER_BYTES],
            content[sealing.HEADER_BYTES :][:step],
            content[sealing.HEADER_BYTES + step :][:step],
            content[sealing.HEADER_BYTES + 2 * step :],
        )
        with pytest.raises((ExportDamaged, ExportSealed)):
            opened(head + second + first + rest)

    def test_the_same_content_looks_different_each_time(self):
        assert sealed(b"secret") != sealed(b"secret")


class TestKeys:
    def test_kinds_are_told_apart(self):
        signer = keys.signer_text(keys.make_signing_key())
        with pytest.raises(BadKey):
            keys.check_recipient(signer)
        assert keys.check_signer(f" {signer}\n") == signer

    @pytest.mark.parametrize(
        "text", ["", "x25519", "x25519:", "x25519:AAAA", "x25519:!!", "x25519:é"]
    )
    def test_what_is_no_key_is_refused(self, text):
        with pytest.raises(BadKey):
            keys.check_recipient(text)

    def test_a_key_that_keeps_no_secret_is_refused(self):
        with pytest.raises(BadKey, match="Nothing can be encrypted"):
            keys.check_recipient(f"x25519:{'A' * 43}=")

    def test_a_signature_is_of_one_text_by_one_key(self):
        ours, theirs = keys.make_signing_key(), keys.make_signing_key()
        signature = keys.sign(ours, b"manifest")
        assert keys.is_signed(keys.signer_text(ours), signature, b"manifest")
        assert not keys.is_signed(keys.signer_text(ours), signature, b"another")
        assert not keys.is_signed(keys.signer_text(theirs), signature, b"manifest")
        for text in ("no base64!", "é"):
            assert not keys.is_signed(keys.signer_text(ours), text, b"manifest")


class TestArchives:
    def written(self, **members):
        target = io.BytesIO()
        with archive.Writer(target, {"what": "a test"}) as writer:
            for name, content in members.items():
                writer.add_bytes(name, content)
            writer.finish({"about": 1}, keys.make_signing_key())
        return target.getvalue()

    def test_a_member_that_is_not_listed_refuses_the_file(self):
        whole = self.written(one=b"1", two=b"2")
        other = self.written(one=b"1", two=b"3")
        place = whole.index(b"two\x00")
        swapped = whole[:place] + other[place : place + 1024] + whole[place + 1024 :]
        with pytest.raises(ExportDamaged, match="two"):
            archive.check(io.BytesIO(swapped), None)

    def test_what_is_no_archive_is_refused(self):
        for content in (b"", b"nonsense" * 1000, bytes(20_000)):
            with pytest.raises(ExportDamaged):
                archive.check(io.BytesIO(content), None)

    def test_a_source_that_is_too_short_is_noticed(self):
        with archive.Writer(io.BytesIO(), {}) as writer, pytest.raises(ExportDamaged):
            writer.add("short", io.BytesIO(b"123"), 10)

    def test_what_does_not_unpack_is_refused(self):
        with pytest.raises(ExportDamaged):
            list(archive.decompress(io.BytesIO(b"not compressed at all")))
