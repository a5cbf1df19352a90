"""Whom somebody picks for the steps of a flow when they submit or press."""

from marshmallow import fields, validate

PEOPLE = fields.List(
    fields.Integer(strict=True, validate=validate.Range(1, 2**63 - 1, error="unknown_person")),
    validate=validate.Length(max=50, error="too_long"),
)


def choices_field() -> fields.Dict:
    """By step, the ids of the people."""
    return fields.Dict(
        keys=fields.String(validate=validate.Length(max=63, error="too_long")),
        values=PEOPLE,
        load_default=dict,
        validate=validate.Length(max=50, error="too_long"),
    )
