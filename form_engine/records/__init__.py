"""Records: planned as plain data (`plan`), applied by one SQL function (`sql/`), read with their facts (`facts`)."""
