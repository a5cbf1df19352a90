"""JSON Schemas (draft 2020-12) of what `flow_engine` reads."""
