"""Where an answer stands, as the platform names it."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("answers", sa.Column("post", sa.Text))
    op.create_index("ix_answers_post", "answers", ["post"], postgresql_using="hash")
