"""The two SQL functions of a step (docs/decisions/021): load it in one call, apply it in one call.

`formloom.db.migrate` creates them.
"""

FUNCTIONS: tuple[str, ...] = ("flow_load_step.sql", "flow_hold_step.sql", "flow_apply_step.sql")
