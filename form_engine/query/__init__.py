"""Questions about records: filters, orders and pages, translated to SQL. Nothing filters in Python after fetching."""
