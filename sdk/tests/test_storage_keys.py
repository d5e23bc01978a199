import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, Table, Text, insert, select, text
from xianban_sdk.errors import InvalidArgument
from xianban_sdk.storage import (
    Cipher,
    Database,
    Encrypted,
    Keyring,
    decode_page,
    encode_page,
    install_keys,
    installed_cipher,
    keyed_hash,
)
from xianban_sdk.storage.keys import installed_keys

metadata = MetaData()
person = Table(
    "person",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("phone", Encrypted(Text, context="person.phone")),
)


def test_an_encrypted_column_reads_back_and_is_not_legible_in_the_database(
    database: Database,
) -> None:
    with database.begin() as conn:
        metadata.create_all(conn)
        conn.execute(insert(person), [{"id": 1, "phone": "13900000001"}, {"id": 2, "phone": None}])
        assert conn.scalars(select(person.c.phone).order_by(person.c.id)).all() == [
            "13900000001",
            None,
        ]
        raw = bytes(conn.execute(text("SELECT phone FROM person WHERE id = 1")).scalar_one())
    assert b"139" not in raw


def test_the_same_value_encrypts_differently_each_time() -> None:
    assert Cipher().encrypt(b"x") != Cipher().encrypt(b"x")


def test_a_value_moved_to_another_column_does_not_decrypt() -> None:
    sealed = Cipher().encrypt(b"secret", b"person.phone")
    with pytest.raises(InvalidTag):
        Cipher().decrypt(sealed, b"person.name")


def test_a_retired_key_still_decrypts_and_look_ups_stay_stable() -> None:
    old = Keyring.derive(b"o" * 32)
    rotated = Keyring.derive(b"n" * 32, b"o" * 32)
    assert Cipher(rotated).decrypt(Cipher(old).encrypt(b"x")) == b"x"
    assert rotated.lookup == old.lookup
    with pytest.raises(ValueError, match="does not have"):
        Cipher(old).decrypt(Cipher(rotated).encrypt(b"x"))


def test_the_cipher_of_the_installed_keys_is_made_once_and_follows_them() -> None:
    kept = installed_cipher()
    assert installed_cipher() is kept
    before = installed_keys()
    install_keys(Keyring.derive(b"n" * 32))
    try:
        assert installed_cipher() is not kept
    finally:
        install_keys(before)
    assert Cipher().decrypt(kept.encrypt(b"x")) == b"x"


def test_a_keyed_hash_is_stable_and_needs_no_normalising_by_luck() -> None:
    assert keyed_hash("沪A12345") == keyed_hash("沪A12345")
    assert keyed_hash("沪A12345") != keyed_hash("沪A12346")


def test_a_page_token_comes_back_whole() -> None:
    position = {"after": "01J", "time": 5, "query": "停车"}
    assert decode_page(encode_page(position)) == position
    assert decode_page("") == {}


@given(st.text(max_size=200))
def test_any_other_token_is_refused_by_name(token: str) -> None:
    if not token:
        return
    with pytest.raises(InvalidArgument) as caught:
        decode_page(token, "page_token")
    assert (caught.value.reason, caught.value.field) == ("PAGE_TOKEN_INVALID", "page_token")


@given(st.integers(0, 60), st.integers(1, 255))
def test_a_token_with_a_changed_character_is_refused(index: int, change: int) -> None:
    token = encode_page({"after": "01JABCDEFGHJKMNPQRSTVWXYZ0"})
    altered = list(token)
    altered[index % len(token)] = chr((ord(altered[index % len(token)]) + change) % 0x250)
    if "".join(altered) != token:
        with pytest.raises(InvalidArgument):
            decode_page("".join(altered))
