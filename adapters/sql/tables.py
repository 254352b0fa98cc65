"""The tables, as the newest migration leaves them."""

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    PrimaryKeyConstraint,
    Table,
    Text,
    TypeDecorator,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB


class Instant(TypeDecorator[datetime]):
    """A moment, kept in UTC and given back in UTC: SQLite would forget the zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: object) -> datetime | None:  # noqa: ARG002  # SQLAlchemy's signature
        if value is not None and value.tzinfo is None:
            raise ValueError("a moment needs a time zone")
        return value and value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: object) -> datetime | None:  # noqa: ARG002  # SQLAlchemy's signature
        return value and (value.astimezone(UTC) if value.tzinfo else value.replace(tzinfo=UTC))


def _index_where(condition: str, *columns: str, name: str | None = None) -> Index:
    """Of those rows only."""
    return Index(name, *columns, sqlite_where=text(condition), postgresql_where=text(condition))


Record = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# One row: which database this is, and the number of its latest change.
feed = Table(
    "feed",
    metadata,
    Column("id", Integer, CheckConstraint("id = 1", name="one_row"), primary_key=True, autoincrement=False),
    Column("identity", Text, nullable=False),
    Column("last_change", BigInteger, nullable=False),
)

# What a pilot is now: its latest revision and whose it says the pilot is, and the number of its latest change.
pilots = Table(
    "pilots",
    metadata,
    Column("id", Text, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("change", BigInteger, nullable=False, unique=True),
    Column("owner", Text),
    # Hashed, since PostgreSQL's other indexes refuse long texts and would refuse the pilot with them.
    Index(None, "owner", postgresql_using="hash"),
)

# A pilot is out of sight while its latest revision is marked as removed; coming back makes a new revision.
revisions = Table(
    "revisions",
    metadata,
    Column("pilot_id", Text, ForeignKey(pilots.c.id), nullable=False),
    Column("number", Integer, nullable=False),
    Column("record", Record, nullable=False),
    Column("at", Instant, nullable=False),
    Column("by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("removed_at", Instant),
    Column("removed_by", Text),
    Column("removed_because", Text),
    PrimaryKeyConstraint("pilot_id", "number"),
    Index(None, "at"),
)

learnings = Table(
    "learnings",
    metadata,
    Column("id", Text, primary_key=True),
    Column("pilot_id", Text, ForeignKey(pilots.c.id), nullable=False),
    Column("told_at", Instant, nullable=False),
    Column("record", Record, nullable=False),
    Index(None, "pilot_id", "told_at"),
    Index(None, "told_at"),
)

demands = Table(
    "demands",
    metadata,
    Column("id", Text, primary_key=True),
    Column("topic", Text, nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("community", Text),
    Column("person", Text),
    Index(None, "community", "asked_at"),
)

# What has happened once already.
seen = Table(
    "seen",
    metadata,
    Column("key", Text, primary_key=True),
    Column("at", Instant, nullable=False),
    Index(None, "at"),
)

threads = Table(
    "threads",
    metadata,
    Column("platform", Text, nullable=False),
    Column("community", Text, nullable=False),
    Column("room", Text, nullable=False),
    Column("thread", Text, nullable=False),
    Column("asked", Record, nullable=False),
    Column("is_muted", Boolean, nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("platform", "community", "room", "thread"),
    Index(None, "at"),
)

rooms = Table(
    "rooms",
    metadata,
    Column("platform", Text, nullable=False),
    Column("community", Text, nullable=False),
    Column("room", Text, nullable=False),
    Column("mode", Text, nullable=False),
    PrimaryKeyConstraint("platform", "community", "room"),
)

answers = Table(
    "answers",
    metadata,
    Column("id", Text, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("community", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("asked", Record, nullable=False),
    Column("verdict", Text, nullable=False),
    Column("pilots", Record, nullable=False),
    Column("post", Text),
    Index(None, "at"),
    # Hashed, as the owners of pilots are.
    Index(None, "post", postgresql_using="hash"),
)

ratings = Table(
    "ratings",
    metadata,
    Column("answer_id", Text, ForeignKey(answers.c.id), nullable=False),
    Column("person", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("is_good", Boolean, nullable=False),
    Column("reason", Text, nullable=False),
    PrimaryKeyConstraint("answer_id", "person"),
)

members = Table(
    "members",
    metadata,
    Column("community", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("preferences", Record, nullable=False),
    PrimaryKeyConstraint("community", "person"),
)

# How an account is written to; closed where its person said no.
reaches = Table(
    "reaches",
    metadata,
    Column("community", Text, nullable=False),
    Column("platform", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("address", Record, nullable=False),
    Column("used_at", Instant, nullable=False),
    Column("closed_at", Instant),
    Column("closed_because", Text),
    PrimaryKeyConstraint("community", "platform", "account"),
)

# What is to be sent once. `next_at` only while it waits or is in doubt, `lease_until` only while a sweep has it and
# `settled_at` once it is done with, so that each index holds what it is for and no more, however much was ever sent.
deliveries = Table(
    "deliveries",
    metadata,
    Column("key", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("community", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("about", Text, nullable=False),
    Column("payload", Record, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("stale_after", Instant),
    Column("when_in_doubt", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("turn", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", Instant),
    Column("lease_until", Instant),
    Column("settled_at", Instant),
    Column("is_cancelled", Boolean, nullable=False),
    Column("note", Text, nullable=False),
    Column("platform", Text, nullable=False),
    Column("message", Text, nullable=False),
    _index_where("next_at IS NOT NULL", "state", "next_at"),
    _index_where("lease_until IS NOT NULL", "lease_until"),
    _index_where("settled_at IS NOT NULL", "settled_at"),
    _index_where("settled_at IS NULL", "community", "person"),
    _index_where("settled_at IS NULL", "community", "about"),
    _index_where("state = 'dead'", "community", "settled_at", name="ix_deliveries_dead"),
)

# Who is asked about which pilot. `due_at` only while somebody is to be asked.
check_in_plans = Table(
    "check_in_plans",
    metadata,
    Column("pilot_id", Text, primary_key=True),
    Column("community", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("rhythm", Text, nullable=False),
    Column("started_on", Date, nullable=False),
    Column("state", Text, nullable=False),
    Column("paused_until", Date),
    Column("question_set", Text, nullable=False),
    Column("asked_on", Date),
    Column("due_at", Instant),
    Column("silences", Integer, nullable=False),
    Column("offered_to", Text, nullable=False),
    Column("snoozed_until", Date),
    Column("version", Integer, nullable=False),
    Index(None, "community", "person"),
    _index_where("due_at IS NOT NULL", "due_at"),
)

check_ins = Table(
    "check_ins",
    metadata,
    Column("pilot_id", Text, nullable=False),
    Column("asked_for", Date, nullable=False),
    Column("community", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("state", Text, nullable=False),
    Column("question_set", Text, nullable=False),
    Column("day", Integer),
    Column("until", Date),
    Column("reminded_at", Instant),
    Column("answered_at", Instant),
    Column("answers", Record, nullable=False),
    Column("words", Text, nullable=False),
    Column("sharing", Text, nullable=False),
    Column("shared_from", Date),
    Column("is_for_channel", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
    PrimaryKeyConstraint("pilot_id", "asked_for"),
    Index(None, "community", "asked_at"),
    _index_where("state = 'open'", "community", "person"),
    _index_where("state = 'open' AND reminded_at IS NULL", "asked_at", name="ix_check_ins_unanswered"),
)

# What is in the way of pilots, by the learning in which that was told.
blockers = Table(
    "blockers",
    metadata,
    Column("learning_id", Text, primary_key=True),
    Column("pilot_id", Text, nullable=False),
    Column("community", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("raised_at", Instant, nullable=False),
    Column("resolved_at", Instant),
    _index_where("resolved_at IS NULL", "community", "raised_at"),
)

# The rooms that are told what is new.
boards = Table(
    "boards",
    metadata,
    Column("platform", Text, nullable=False),
    Column("community", Text, nullable=False),
    Column("room", Text, nullable=False),
    Column("weekday", Integer, nullable=False),
    Column("chosen_by", Text, nullable=False),
    Column("chosen_at", Instant, nullable=False),
    Column("told_until", Instant, nullable=False),
    Column("address", Record, nullable=False),
    PrimaryKeyConstraint("platform", "community", "room"),
)

# Learning circles.
circles = Table(
    "circles",
    metadata,
    Column("id", Text, primary_key=True),
    Column("community", Text, nullable=False),
    Column("topic", Text, nullable=False),
    Column("rhythm", Text, nullable=False),
    Column("started_on", Date, nullable=False),
)

# Which pilots joined which of them. Without a key of the other table: who joins what ends at that moment does no harm.
circle_pilots = Table(
    "circle_pilots",
    metadata,
    Column("circle_id", Text, nullable=False),
    Column("pilot_id", Text, nullable=False),
    PrimaryKeyConstraint("circle_id", "pilot_id"),
)

# Accounts that were ever linked, and those that they were linked to, each with its person, which may be itself: no
# address links it again.
accounts = Table(
    "accounts",
    metadata,
    Column("community", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("community", "account"),
    Index(None, "community", "person"),
)

# The hash of each address, and the account that came with it first.
mail_addresses = Table(
    "mail_addresses",
    metadata,
    Column("community", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("community", "address"),
)

# By the hash of the code.
link_codes = Table(
    "link_codes",
    metadata,
    Column("community", Text, nullable=False),
    Column("digest", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("platform", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("at", Instant, nullable=False),
    PrimaryKeyConstraint("community", "digest"),
    Index(None, "community", "person"),
)

wrong_codes = Table(
    "wrong_codes",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("community", Text, nullable=False),
    Column("person", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Index(None, "community", "person"),
)

# The three tables of slack_sdk's stores, whose names and columns these are. It keeps moments in UTC without a zone,
# and our Slack adapter encrypts the tokens, which makes them longer than slack_sdk says.
slack_bots = Table(
    "slack_bots",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("client_id", Text, nullable=False),
    Column("app_id", Text, nullable=False),
    Column("enterprise_id", Text),
    Column("enterprise_name", Text),
    Column("team_id", Text),
    Column("team_name", Text),
    Column("bot_token", Text),
    Column("bot_id", Text),
    Column("bot_user_id", Text),
    Column("bot_scopes", Text),
    Column("bot_refresh_token", Text),
    Column("bot_token_expires_at", DateTime),
    Column("is_enterprise_install", Boolean, nullable=False),
    Column("installed_at", DateTime, nullable=False),
    Index("slack_bots_idx", "client_id", "enterprise_id", "team_id", "installed_at"),
)

slack_installations = Table(
    "slack_installations",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("client_id", Text, nullable=False),
    Column("app_id", Text, nullable=False),
    Column("enterprise_id", Text),
    Column("enterprise_name", Text),
    Column("team_id", Text),
    Column("team_name", Text),
    Column("enterprise_url", Text),
    Column("bot_token", Text),
    Column("bot_id", Text),
    Column("bot_user_id", Text),
    Column("bot_scopes", Text),
    Column("bot_refresh_token", Text),
    Column("bot_token_expires_at", DateTime),
    Column("user_id", Text, nullable=False),
    Column("user_token", Text),
    Column("user_scopes", Text),
    Column("user_refresh_token", Text),
    Column("user_token_expires_at", DateTime),
    Column("incoming_webhook_url", Text),
    Column("incoming_webhook_channel", Text),
    Column("incoming_webhook_channel_id", Text),
    Column("incoming_webhook_configuration_url", Text),
    Column("is_enterprise_install", Boolean, nullable=False),
    Column("token_type", Text),
    Column("installed_at", DateTime, nullable=False),
    Index("slack_installations_idx", "client_id", "enterprise_id", "team_id", "user_id", "installed_at"),
)

slack_oauth_states = Table(
    "slack_oauth_states",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("state", Text, nullable=False, unique=True),
    Column("expire_at", DateTime, nullable=False),
)

Row = dict[str, Any]
