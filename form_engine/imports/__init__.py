"""Sheets into records: read, mapped, cleaned, looked at by people, written as a job, undone (ADR 064)."""
