"""Alembic runs this for every command; `adapters.sql.prepare` gives it the connection, already in a transaction."""

from alembic import context

from adapters.sql.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
context.run_migrations()
