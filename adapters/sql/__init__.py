"""Pilots, learnings, demands and what the conversation remembers, in SQLite or PostgreSQL."""

from adapters.sql.database import Database, open_database

__all__ = ["Database", "open_database"]
