"""Forms as data: fields, formulas, records."""
