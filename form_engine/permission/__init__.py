"""Who may see and do what: one predicate for lists, details, lookups, searches and exports."""

from form_engine.permission.access import Access, access_for, accesses

__all__ = ["Access", "access_for", "accesses"]
