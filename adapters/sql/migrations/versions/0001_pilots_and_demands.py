"""Pilots with their revisions and learnings, the change feed, and demands."""

import secrets

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    record = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    feed = op.create_table(
        "feed",
        sa.Column("id", sa.Integer, autoincrement=False, nullable=False),
        sa.Column("identity", sa.Text, nullable=False),
        sa.Column("last_change", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_feed"),
        sa.CheckConstraint("id = 1", name="ck_feed_one_row"),
    )
    op.bulk_insert(feed, [{"id": 1, "identity": secrets.token_hex(8), "last_change": 0}])
    op.create_table(
        "pilots",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("change", sa.BigInteger, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_pilots"),
        sa.UniqueConstraint("change", name="uq_pilots_change"),
    )
    op.create_table(
        "revisions",
        sa.Column("pilot_id", sa.Text, nullable=False),
        sa.Column("number", sa.Integer, nullable=False),
        sa.Column("record", record, nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("by", sa.Text, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("removed_at", moment),
        sa.Column("removed_by", sa.Text),
        sa.Column("removed_because", sa.Text),
        sa.PrimaryKeyConstraint("pilot_id", "number", name="pk_revisions"),
        sa.ForeignKeyConstraint(["pilot_id"], ["pilots.id"], name="fk_revisions_pilot_id"),
    )
    op.create_table(
        "learnings",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("pilot_id", sa.Text, nullable=False),
        sa.Column("told_at", moment, nullable=False),
        sa.Column("record", record, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_learnings"),
        sa.ForeignKeyConstraint(["pilot_id"], ["pilots.id"], name="fk_learnings_pilot_id"),
    )
    op.create_index("ix_learnings_pilot_id_told_at", "learnings", ["pilot_id", "told_at"])
    op.create_table(
        "demands",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("asked_at", moment, nullable=False),
        sa.Column("community", sa.Text),
        sa.Column("person", sa.Text),
        sa.PrimaryKeyConstraint("id", name="pk_demands"),
    )
    op.create_index("ix_demands_community_asked_at", "demands", ["community", "asked_at"])
