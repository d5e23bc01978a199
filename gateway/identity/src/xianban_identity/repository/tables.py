"""Identity's tables. Names, phones, birthdays, keys and secrets are stored encrypted."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
)
from xianban_sdk.storage import Encrypted, Instant

metadata = MetaData()

person = Table(
    "person",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("phone", Encrypted(Text, "person.phone"), nullable=False),
    # The only way to find somebody by phone: a keyed hash.
    Column("phone_hash", String(64), nullable=False, unique=True),
    Column("name", Encrypted(Text, "person.name"), nullable=False),
    Column("birth", Encrypted(Text, "person.birth"), nullable=False),
    Column("level", Integer, nullable=False),
    Column("locale", String(8), nullable=False),
    Column("profile", String(16), nullable=False),
    Column("household", String(64), nullable=False),
    Column("household_role", String(16), nullable=False),
    Column("deceased", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
)

membership = Table(
    "membership",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("person", String(26), nullable=False, index=True),
    Column("organisation", String(128), nullable=False),
    Column("role", String(64), nullable=False),
    Column("areas", Text, nullable=False),
    Column("active", Boolean, nullable=False),
)

delegation = Table(
    "delegation",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("kind", String(16), nullable=False),
    # "" on the side that was asked until a person with that phone and name is known.
    Column("delegate", String(26), nullable=False),
    Column("subject", String(26), nullable=False),
    Column("scopes", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("requested_by", String(16), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("ends_at", Instant),
    # What the asker wanted; the end that holds is `ends_at`.
    Column("asked_until", Instant),
    Column("auto_rule", String(32), nullable=False),
    Column("answered_at", Instant),
    Column("asked_phone_hash", String(64), nullable=False),
    Column("asked_name", Encrypted(Text, "delegation.asked_name"), nullable=False),
    Index("ix_delegation_delegate", "delegate", "state"),
    Index("ix_delegation_subject", "subject", "state"),
    Index("ix_delegation_phone", "asked_phone_hash", "state"),
    Index("ix_delegation_state", "state", "id"),
)

delegation_event = Table(
    "delegation_event",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("delegation", String(26), nullable=False),
    Column("occurred_at", Instant, nullable=False),
    Column("action", String(32), nullable=False),
    # A person's id, or "system".
    Column("actor", String(26), nullable=False),
    Column("reason", Encrypted(Text, "delegation_event.reason"), nullable=False),
    Index("ix_delegation_event", "delegation", "id"),
)

consent = Table(
    "consent",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("subject", String(26), nullable=False),
    Column("purpose", String(128), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("decision", String(16), nullable=False),
    Column("decided_at", Instant, nullable=False),
    Column("decided_by", String(26), nullable=False),
    Column("expires_at", Instant),
    Column("withdrawn_at", Instant),
    Column("superseded_at", Instant),
    Index("ix_consent_subject", "subject", "id"),
)

purpose = Table(
    "purpose",
    metadata,
    Column("id", String(128), primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("controller", String(128), nullable=False),
    Column("retention_days", Integer, nullable=False),
    Column("title_zh", Text, nullable=False),
    Column("text_zh", Text, nullable=False),
    Column("title_en", Text, nullable=False),
    Column("text_en", Text, nullable=False),
    # Of a plugin's own purpose: the plugin, and the service that it extends; "" of the suite's.
    Column("plugin", String(64), nullable=False),
    Column("domain", String(64), nullable=False),
    Column("ended_at", Instant),
)

session = Table(
    "session",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("person", String(26), nullable=False),
    Column("client", String(64), nullable=False),
    Column("device", String(128), nullable=False),
    # Hash of the browser's cookie; "" when the log-in has no browser (demo tokens).
    Column("cookie_hash", String(64), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("last_used_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("auth_time", Instant, nullable=False),
    Column("amr", String(64), nullable=False),
    Column("strong_at", Instant),
    Column("ended_at", Instant),
    Column("end_reason", String(32), nullable=False),
    Index("ix_session_person", "person", "last_used_at"),
    Index("ix_session_cookie", "cookie_hash"),
)

relation_log = Table(
    "relation_log",
    metadata,
    Column("id", String(192), primary_key=True),
    Column("sequence", BigInteger, nullable=False, unique=True),
    Column("kind", String(16), nullable=False),
    Column("actor", String(26), nullable=False),
    Column("subject", String(26), nullable=False),
    Column("record", LargeBinary, nullable=False),
    Index("ix_relation_pair", "actor", "subject"),
    Index("ix_relation_subject", "subject", "kind"),
)

# One row. Its lock makes commit order and sequence order the same.
relation_counter = Table(
    "relation_counter",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("value", BigInteger, nullable=False),
)

signing_key = Table(
    "signing_key",
    metadata,
    Column("kid", String(64), primary_key=True),
    Column("public", Text, nullable=False),
    Column("private", Encrypted(Text, "signing_key.private"), nullable=False),
    Column("created_at", Instant, nullable=False),
    # Published at once, signs from here on …
    Column("active_from", Instant, nullable=False),
    # … and stays published until every token it signed is dead.
    Column("retire_at", Instant),
)

login_code = Table(
    "login_code",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("phone_hash", String(64), nullable=False, index=True),
    Column("code_hash", String(64), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("used", Boolean, nullable=False),
)

throttle = Table(
    "throttle",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("key", String(80), nullable=False),
    Column("at", Instant, nullable=False),
    Index("ix_throttle_key", "key", "at"),
)

signin_flow = Table(
    "signin_flow",
    metadata,
    Column("id", String(64), primary_key=True),
    # Hash of the browser's cookie: a flow is of no use in another browser.
    Column("browser_hash", String(64), nullable=False),
    # Encrypted JSON: the OIDC parameters, the phone, where the person is in the steps.
    Column("state", Encrypted(Text, "signin_flow.state"), nullable=False),
    Column("created_at", Instant, nullable=False),
)

authorization_code = Table(
    "authorization_code",
    metadata,
    Column("code_hash", String(64), primary_key=True),
    Column("grant_id", String(26), nullable=False),
    Column("client", String(64), nullable=False),
    Column("session", String(26), nullable=False),
    Column("person", String(26), nullable=False),
    Column("redirect_uri", Text, nullable=False),
    Column("scope", Text, nullable=False),
    Column("resources", Text, nullable=False),
    Column("nonce", Encrypted(Text, "authorization_code.nonce"), nullable=False),
    Column("challenge", String(64), nullable=False),
    Column("expires_at", Instant, nullable=False),
)

# Codes that were used; a second use revokes what the first one gave.
spent_code = Table(
    "spent_code",
    metadata,
    Column("code_hash", String(64), primary_key=True),
    Column("grant_id", String(26), nullable=False),
    Column("spent_at", Instant, nullable=False),
)

refresh_token = Table(
    "refresh_token",
    metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("grant_id", String(26), nullable=False, index=True),
    Column("session", String(26), nullable=False, index=True),
    Column("person", String(26), nullable=False),
    Column("client", String(64), nullable=False),
    Column("scope", Text, nullable=False),
    Column("resources", Text, nullable=False),
    Column("issued_at", Instant, nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("used_at", Instant),
    Column("revoked_at", Instant),
)

# Client assertions seen (RFC 7523 jti): each is good once.
client_assertion = Table(
    "client_assertion",
    metadata,
    Column("jti_hash", String(64), primary_key=True),
    Column("expires_at", Instant, nullable=False),
)

client_approval = Table(
    "client_approval",
    metadata,
    Column("person", String(26), primary_key=True),
    Column("client", String(64), primary_key=True),
    Column("scope", Text, nullable=False),
    Column("resources", Text, nullable=False),
    Column("approved_at", Instant, nullable=False),
)

federated_identity = Table(
    "federated_identity",
    metadata,
    Column("provider", String(64), primary_key=True),
    Column("subject_hash", String(64), primary_key=True),
    Column("person", String(26), nullable=False, index=True),
    Column("linked_at", Instant, nullable=False),
)

# Who was erased when. The person's id is hashed: without the key nobody finds the person by it.
erasure = Table(
    "erasure",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("person_hash", String(64), nullable=False, unique=True),
    Column("carried_out_at", Instant, nullable=False),
)

second_factor = Table(
    "second_factor",
    metadata,
    Column("person", String(26), primary_key=True),
    Column("factor", String(64), primary_key=True),
    # What the factor's plugin remembers, encrypted.
    Column("secret", Encrypted(Text, "second_factor.secret"), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("locked_until", Instant),
    Column("enrolled_at", Instant, nullable=False),
)

passkey = Table(
    "passkey",
    metadata,
    Column("id", String(26), primary_key=True),
    Column("person", String(26), nullable=False, index=True),
    # The only way to find one by what a browser sends: a keyed hash.
    Column("credential_hash", String(64), nullable=False, unique=True),
    Column("credential", LargeBinary, nullable=False),
    Column("attested", LargeBinary, nullable=False),
    Column("sign_count", BigInteger, nullable=False),
    Column("name", Encrypted(Text, "passkey.name"), nullable=False),
    Column("transports", String(128), nullable=False),
    Column("synced", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("last_used_at", Instant),
)

# Challenges on their way, each good once; keyed hashes of it and of whom it was given to.
passkey_challenge = Table(
    "passkey_challenge",
    metadata,
    Column("challenge_hash", String(64), primary_key=True),
    Column("bound_to", String(64), nullable=False),
    Column("created_at", Instant, nullable=False),
)
