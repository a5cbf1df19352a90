"""Documents: blocks over one record, or a Word file with placeholders, made into pages as their reader may see them."""
