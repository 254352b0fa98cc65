"""What is to be sent once."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    record = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    op.create_table(
        "deliveries",
        sa.Column("key", sa.Text, nullable=False),
        sa.Column("kind", sa.Text, nullable=False),
        sa.Column("community", sa.Text, nullable=False),
        sa.Column("person", sa.Text, nullable=False),
        sa.Column("about", sa.Text, nullable=False),
        sa.Column("payload", record, nullable=False),
        sa.Column("due_at", moment, nullable=False),
        sa.Column("stale_after", moment),
        sa.Column("when_in_doubt", sa.Text, nullable=False),
        sa.Column("state", sa.Text, nullable=False),
        sa.Column("turn", sa.Integer, nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("next_at", moment),
        sa.Column("lease_until", moment),
        sa.Column("settled_at", moment),
        sa.Column("is_cancelled", sa.Boolean, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
        sa.Column("platform", sa.Text, nullable=False),
        sa.Column("message", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_deliveries"),
    )
    _index("ix_deliveries_state_next_at", ["state", "next_at"], "next_at IS NOT NULL")
    _index("ix_deliveries_lease_until", ["lease_until"], "lease_until IS NOT NULL")
    _index("ix_deliveries_settled_at", ["settled_at"], "settled_at IS NOT NULL")
    _index("ix_deliveries_community_person", ["community", "person"], "settled_at IS NULL")
    _index("ix_deliveries_community_about", ["community", "about"], "settled_at IS NULL")
    _index("ix_deliveries_dead", ["community", "settled_at"], "state = 'dead'")


def _index(name: str, columns: list[str], where: str) -> None:
    op.create_index(name, "deliveries", columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))
