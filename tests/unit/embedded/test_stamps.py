from embedded import stamps


def test_contents_names_and_words_count(tmp_path):
    (tmp_path / "a").write_text("1")
    before = stamps.digest([tmp_path])
    (tmp_path / "a").write_text("2")
    changed = stamps.digest([tmp_path])
    (tmp_path / "a").rename(tmp_path / "b")
    assert len({before, changed, stamps.digest([tmp_path]), stamps.digest([tmp_path], "w")}) == 4


def test_a_missing_file_is_like_none(tmp_path):
    assert stamps.digest([tmp_path / "no"]) == stamps.digest([])


def test_compiled_files_do_not_count(tmp_path):
    before = stamps.digest([tmp_path])
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "a.pyc").write_text("x")
    assert stamps.digest([tmp_path]) == before
