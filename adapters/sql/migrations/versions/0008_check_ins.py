"""Who is asked about which pilot, what came of it, and what is in the way."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    record = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    op.create_table(
        "check_in_plans",
        sa.Column("pilot_id", sa.Text, nullable=False),
        sa.Column("community", sa.Text, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("rhythm", sa.Text, nullable=False),
        sa.Column("started_on", sa.Date, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("paused_until", sa.Date),
        sa.Column("question_set", sa.Text, nullable=False),
        sa.Column("asked_on", sa.Date),
        sa.Column("due_at", moment),
        sa.Column("silences", sa.Integer, nullable=False),
        sa.Column("offered_to", sa.Text, nullable=False),
        sa.Column("snoozed_until", sa.Date),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("pilot_id", name="pk_check_in_plans"),
    )
    op.create_index("ix_check_in_plans_community_person", "check_in_plans", ["community", "person"])
    _index("ix_check_in_plans_due_at", "check_in_plans", ["due_at"], "due_at IS NOT NULL")
    op.create_table(
        "check_ins",
        sa.Column("pilot_id", sa.Text, nullable=False),
        sa.Column("asked_for", sa.Date, nullable=False),
        sa.Column("community", sa.Text, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("asked_at", moment, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("question_set", sa.Text, nullable=False),
        sa.Column("day", sa.Integer),
        sa.Column("until", sa.Date),
        sa.Column("reminded_at", moment),
        sa.Column("answered_at", moment),
        sa.Column("answers", record, nullable=False),
        sa.Column("words", sa.Text, nullable=False),
        sa.Column("sharing", sa.Text, nullable=False),
        sa.Column("shared_from", sa.Date),
        sa.Column("is_for_channel", sa.Boolean, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.PrimaryKeyConstraint("pilot_id", "asked_for", name="pk_check_ins"),
    )
    op.create_index("ix_check_ins_community_asked_at", "check_ins", ["community", "asked_at"])
    _index("ix_check_ins_community_person", "check_ins", ["community", "person"], "state = 'open'")
    _index("ix_check_ins_unanswered", "check_ins", ["asked_at"], "state = 'open' AND reminded_at IS NULL")
    op.create_table(
        "blockers",
        sa.Column("learning_id", sa.Text, nullable=False),
        sa.Column("pilot_id", sa.Text, nullable=False),
        sa.Column("community", sa.Text, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("text", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("raised_at", moment, nullable=False),
        sa.Column("resolved_at", moment),
        sa.PrimaryKeyConstraint("learning_id", name="pk_blockers"),
    )
    _index("ix_blockers_community_raised_at", "blockers", ["community", "raised_at"], "resolved_at IS NULL")


def _index(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
