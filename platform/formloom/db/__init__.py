"""The database: typed base, engines by role, unit of work, the direct door of the hot path."""
