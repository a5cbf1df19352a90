"""The life of a record at a glance: what the `page` part of its form declares, as one reader may see it (ADR 101)."""
