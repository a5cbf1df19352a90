"""Alembic migrations; `formloom.db.migrate` runs them."""
