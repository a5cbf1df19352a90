"""How a form changes from version to version: what is different, and what becomes of the values that are there."""
