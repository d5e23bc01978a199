"""The schema and what its rows look like at rest."""

from sqlalchemy import text
from xianban_sdk.demo import PEOPLE


def test_no_name_phone_or_birthday_lies_open_in_the_file(database):
    with database.read() as conn:
        rows = conn.execute(text("SELECT phone, name, birth FROM person")).all()
    assert len(rows) == len(PEOPLE)
    for row in rows:
        raw = b"".join(bytes(value) for value in row)
        assert b"139000000" not in raw
        assert "王建国".encode() not in raw
        assert b"1985-06-12" not in raw


def test_no_private_key_lies_open_in_the_file(database):
    with database.read() as conn:
        keys = conn.execute(text("SELECT private FROM signing_key")).scalars().all()
    assert len(keys) == 2
    assert all(b'"d"' not in bytes(key) for key in keys)
