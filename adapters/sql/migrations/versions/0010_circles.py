"""Learning circles, and the pilots that joined them."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    op.create_table(
        "circles",
        sa.Column("id", sa.Text, nullable=False),
        sa.Column("community", sa.Text, nullable=False),
        sa.Column("topic", sa.Text, nullable=False),
        sa.Column("rhythm", sa.Text, nullable=False),
        sa.Column("started_on", sa.Date, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_circles"),
    )
    op.create_table(
        "circle_pilots",
        sa.Column("circle_id", sa.Text, nullable=False),
        sa.Column("pilot_id", sa.Text, nullable=False),
        sa.PrimaryKeyConstraint("circle_id", "pilot_id", name="pk_circle_pilots"),
    )
