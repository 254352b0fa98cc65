"""How people are written to privately, and their no."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    record = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    op.create_table(
        "reaches",
        sa.Column("community", sa.Text, nullable=False),
        sa.Column("platform", sa.Text, nullable=False),
        sa.Column("account", sa.Text, nullable=False),
        sa.Column("address", record, nullable=False),
        sa.Column("used_at", moment, nullable=False),
        sa.Column("closed_at", moment),
        sa.Column("closed_because", sa.Text),
        sa.PrimaryKeyConstraint("community", "platform", "account", name="pk_reaches"),
    )
