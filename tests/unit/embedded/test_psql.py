from embedded.psql import Psql


def test_the_password_is_in_no_argument(tmp_path):
    spy = tmp_path / "psql"
    spy.write_text('#!/bin/sh\necho "$PGPASSWORD $* < $(cat)"\n')
    spy.chmod(0o755)
    said = Psql(spy, "postgresql://me:hidden@127.0.0.1:5432/db").ask("SELECT 1")
    assert said == "hidden -XAtq -v ON_ERROR_STOP=1 postgresql://me@127.0.0.1:5432/db < SELECT 1"
