"""Identity as first released."""

import sqlalchemy as sa
from alembic import op
from xianban_sdk.storage import Encrypted, Instant

revision = "0001"
down_revision = None


def upgrade() -> None:
    op.create_table(
        "authorization_code",
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("grant_id", sa.String(length=26), nullable=False),
        sa.Column("client", sa.String(length=64), nullable=False),
        sa.Column("session", sa.String(length=26), nullable=False),
        sa.Column("person", sa.String(length=26), nullable=False),
        sa.Column("redirect_uri", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("resources", sa.Text(), nullable=False),
        sa.Column("nonce", Encrypted(sa.Text, "authorization_code.nonce"), nullable=False),
        sa.Column("challenge", sa.String(length=64), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("code_hash"),
    )
    op.create_table(
        "client_approval",
        sa.Column("person", sa.String(length=26), nullable=False),
        sa.Column("client", sa.String(length=64), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("resources", sa.Text(), nullable=False),
        sa.Column("approved_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("person", "client"),
    )
    op.create_table(
        "client_assertion",
        sa.Column("jti_hash", sa.String(length=64), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("jti_hash"),
    )
    op.create_table(
        "consent",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("subject", sa.String(length=26), nullable=False),
        sa.Column("purpose", sa.String(length=128), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("decision", sa.String(length=16), nullable=False),
        sa.Column("decided_at", Instant(), nullable=False),
        sa.Column("decided_by", sa.String(length=26), nullable=False),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.Column("withdrawn_at", Instant(), nullable=True),
        sa.Column("superseded_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_consent_subject", "consent", ["subject", "id"], unique=False)
    op.create_table(
        "delegation",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("delegate", sa.String(length=26), nullable=False),
        sa.Column("subject", sa.String(length=26), nullable=False),
        sa.Column("scopes", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("requested_by", sa.String(length=16), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("ends_at", Instant(), nullable=True),
        sa.Column("asked_until", Instant(), nullable=True),
        sa.Column("auto_rule", sa.String(length=32), nullable=False),
        sa.Column("answered_at", Instant(), nullable=True),
        sa.Column("asked_phone_hash", sa.String(length=64), nullable=False),
        sa.Column("asked_name", Encrypted(sa.Text, "delegation.asked_name"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_delegation_delegate", "delegation", ["delegate", "state"], unique=False)
    op.create_index(
        "ix_delegation_phone", "delegation", ["asked_phone_hash", "state"], unique=False
    )
    op.create_index("ix_delegation_state", "delegation", ["state", "id"], unique=False)
    op.create_index("ix_delegation_subject", "delegation", ["subject", "state"], unique=False)
    op.create_table(
        "delegation_event",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("delegation", sa.String(length=26), nullable=False),
        sa.Column("occurred_at", Instant(), nullable=False),
        sa.Column("action", sa.String(length=32), nullable=False),
        sa.Column("actor", sa.String(length=26), nullable=False),
        sa.Column("reason", Encrypted(sa.Text, "delegation_event.reason"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_delegation_event", "delegation_event", ["delegation", "id"], unique=False)
    op.create_table(
        "federated_identity",
        sa.Column("provider", sa.String(length=64), nullable=False),
        sa.Column("subject_hash", sa.String(length=64), nullable=False),
        sa.Column("person", sa.String(length=26), nullable=False),
        sa.Column("linked_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("provider", "subject_hash"),
    )
    op.create_index(
        op.f("ix_federated_identity_person"), "federated_identity", ["person"], unique=False
    )
    op.create_table(
        "login_code",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("phone_hash", sa.String(length=64), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("used", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_login_code_phone_hash"), "login_code", ["phone_hash"], unique=False)
    op.create_table(
        "membership",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("person", sa.String(length=26), nullable=False),
        sa.Column("organisation", sa.String(length=128), nullable=False),
        sa.Column("role", sa.String(length=64), nullable=False),
        sa.Column("areas", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_membership_person"), "membership", ["person"], unique=False)
    op.create_table(
        "person",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("phone", Encrypted(sa.Text, "person.phone"), nullable=False),
        sa.Column("phone_hash", sa.String(length=64), nullable=False),
        sa.Column("name", Encrypted(sa.Text, "person.name"), nullable=False),
        sa.Column("birth", Encrypted(sa.Text, "person.birth"), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column("locale", sa.String(length=8), nullable=False),
        sa.Column("profile", sa.String(length=16), nullable=False),
        sa.Column("household", sa.String(length=64), nullable=False),
        sa.Column("household_role", sa.String(length=16), nullable=False),
        sa.Column("deceased", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("phone_hash"),
    )
    op.create_table(
        "purpose",
        sa.Column("id", sa.String(length=128), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("controller", sa.String(length=128), nullable=False),
        sa.Column("retention_days", sa.Integer(), nullable=False),
        sa.Column("title_zh", sa.Text(), nullable=False),
        sa.Column("text_zh", sa.Text(), nullable=False),
        sa.Column("title_en", sa.Text(), nullable=False),
        sa.Column("text_en", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", "revision"),
    )
    op.create_table(
        "refresh_token",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("grant_id", sa.String(length=26), nullable=False),
        sa.Column("session", sa.String(length=26), nullable=False),
        sa.Column("person", sa.String(length=26), nullable=False),
        sa.Column("client", sa.String(length=64), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("resources", sa.Text(), nullable=False),
        sa.Column("issued_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("used_at", Instant(), nullable=True),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("token_hash"),
    )
    op.create_index(op.f("ix_refresh_token_grant_id"), "refresh_token", ["grant_id"], unique=False)
    op.create_index(op.f("ix_refresh_token_session"), "refresh_token", ["session"], unique=False)
    op.create_table(
        "relation_counter",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "relation_log",
        sa.Column("id", sa.String(length=192), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("actor", sa.String(length=26), nullable=False),
        sa.Column("subject", sa.String(length=26), nullable=False),
        sa.Column("record", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("sequence"),
    )
    op.create_index("ix_relation_pair", "relation_log", ["actor", "subject"], unique=False)
    op.create_index("ix_relation_subject", "relation_log", ["subject", "kind"], unique=False)
    op.create_table(
        "second_factor",
        sa.Column("person", sa.String(length=26), nullable=False),
        sa.Column("factor", sa.String(length=64), nullable=False),
        sa.Column("secret", Encrypted(sa.Text, "second_factor.secret"), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("locked_until", Instant(), nullable=True),
        sa.Column("enrolled_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("person", "factor"),
    )
    op.create_table(
        "session",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("person", sa.String(length=26), nullable=False),
        sa.Column("client", sa.String(length=64), nullable=False),
        sa.Column("device", sa.String(length=128), nullable=False),
        sa.Column("cookie_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("last_used_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.Column("auth_time", Instant(), nullable=False),
        sa.Column("amr", sa.String(length=64), nullable=False),
        sa.Column("strong_at", Instant(), nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("end_reason", sa.String(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_session_cookie", "session", ["cookie_hash"], unique=False)
    op.create_index("ix_session_person", "session", ["person", "last_used_at"], unique=False)
    op.create_table(
        "signin_flow",
        sa.Column("id", sa.String(length=64), nullable=False),
        sa.Column("browser_hash", sa.String(length=64), nullable=False),
        sa.Column("state", Encrypted(sa.Text, "signin_flow.state"), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "signing_key",
        sa.Column("kid", sa.String(length=64), nullable=False),
        sa.Column("public", sa.Text(), nullable=False),
        sa.Column("private", Encrypted(sa.Text, "signing_key.private"), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("active_from", Instant(), nullable=False),
        sa.Column("retire_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("kid"),
    )
    op.create_table(
        "spent_code",
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("grant_id", sa.String(length=26), nullable=False),
        sa.Column("spent_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("code_hash"),
    )
    op.create_table(
        "throttle",
        sa.Column("id", sa.String(length=26), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_throttle_key", "throttle", ["key", "at"], unique=False)
    counter = sa.table("relation_counter", sa.column("id"), sa.column("value"))
    op.execute(counter.insert().values(id=1, value=0))
