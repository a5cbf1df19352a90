"""What is stored beside records and hangs on other records: kept exact, a moment after the change (ADR 059)."""
