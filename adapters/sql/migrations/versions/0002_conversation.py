"""What the conversation remembers, and whose each pilot is."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"

# Where a person is planned or unknown, an object stands in their place.
_OWNERS = {
    "sqlite": """
        SELECT json_extract(record, '$.owner.person') FROM revisions
        WHERE json_type(record, '$.owner.person') = 'text'
    """,
    "postgresql": """
        SELECT record #>> '{owner,person}' FROM revisions
        WHERE jsonb_typeof(record #> '{owner,person}') = 'string'
    """,
}


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    record = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    _add_owners()
    op.create_table(
        "seen",
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_seen"),
    )
    op.create_index("ix_seen_at", "seen", ["at"])
    op.create_table(
        "threads",
        sa.Column("platform", sa.Text, nullable=False),
        sa.Column("community", sa.Text, nullable=False),
        sa.Column("room", sa.Text, nullable=False),
        sa.Column("thread", sa.Text, nullable=False),
        sa.Column("asked", record, nullable=False),
        sa.Column("is_muted", sa.Boolean, nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.PrimaryKeyConstraint("platform", "community", "room", "thread", name="pk_threads"),
    )
    op.create_index("ix_threads_at", "threads", ["at"])
    op.create_table(
        "rooms",
        sa.Column("platform", sa.Text, nullable=False),
        sa.Column("community", sa.Text, nullable=False),
        sa.Column("room", sa.Text, nullable=False),
        sa.Column("mode", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("platform", "community", "room", name="pk_rooms"),
    )
    op.create_table(
        "answers",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("community", sa.Text, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("asked", record, nullable=False),
        sa.Column("verdict", sa.Text, nullable=False),
        sa.Column("pilots", record, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_answers"),
    )
    op.create_index("ix_answers_at", "answers", ["at"])
    op.create_table(
        "ratings",
        sa.Column("answer_id", sa.Text, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("at", moment, nullable=False),
        sa.Column("is_good", sa.Boolean, nullable=False),
        sa.Column("reason", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("answer_id", "person", name="pk_ratings"),
        sa.ForeignKeyConstraint(["answer_id"], ["answers.id"], name="fk_ratings_answer_id"),
    )
    op.create_table(
        "members",
        sa.Column("community", sa.Text, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("role", sa.Text, nullable=False),
        sa.Column("preferences", record, nullable=False),
        sa.PrimaryKeyConstraint("community", "person", name="pk_members"),
    )


def _add_owners() -> None:
    op.add_column("pilots", sa.Column("owner", sa.Text))
    of_latest = "AND pilot_id = pilots.id AND number = pilots.revision"
    op.execute(f"UPDATE pilots SET owner = ({_OWNERS[op.get_bind().dialect.name]} {of_latest})")  # noqa: S608  # all of it stands here
    op.create_index("ix_pilots_owner", "pilots", ["owner"], postgresql_using="hash")
