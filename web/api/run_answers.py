"""What is answered about runs to those who administer them."""

import marshmallow as ma
from marshmallow import fields


class PlaceLine(ma.Schema):
    """An open visit of a run, and how many people it asks."""

    visit = fields.Integer()
    step = fields.String()
    title = fields.String()
    kind = fields.String()
    because = fields.String()
    asked = fields.Integer()


class RunLineAnswer(ma.Schema):
    """A run of the list."""

    id = fields.Integer()
    flow = fields.String()
    flow_title = fields.String()
    version = fields.Integer()
    form = fields.String()
    record = fields.Integer()
    number = fields.String(allow_none=True)
    title = fields.String(allow_none=True)
    status = fields.String()
    started_by = fields.String()
    started_at = fields.DateTime()
    ended_at = fields.DateTime(allow_none=True)
    initiator = fields.Integer(allow_none=True)
    initiator_name = fields.String(allow_none=True)
    due_at = fields.DateTime(allow_none=True)
    overdue = fields.Boolean()
    lost = fields.Boolean()
    at = fields.List(fields.Nested(PlaceLine))


class RunsAnswer(ma.Schema):
    """A page of runs; ``next`` is the cursor of the following one."""

    items = fields.List(fields.Nested(RunLineAnswer))
    next = fields.String(allow_none=True)


class ConditionLine(ma.Schema):
    """A condition with the values that it saw, and what came out."""

    step = fields.String()
    title = fields.String()
    case = fields.String(allow_none=True)
    formula = fields.String()
    values = fields.Dict(keys=fields.String(), values=fields.String(allow_none=True))
    answer = fields.Boolean(allow_none=True)
    error = fields.String(allow_none=True)


class DeedLine(ma.Schema):
    """Something that the run did by itself."""

    effect = fields.String()
    step = fields.String()
    title = fields.String()
    fields_ = fields.List(fields.String(), data_key="fields")


class AskedLine(ma.Schema):
    """Somebody who was asked."""

    name = fields.String(allow_none=True)
    guest = fields.Boolean()
    kind = fields.String()
    status = fields.String()
    decision = fields.String(allow_none=True)
    ended_at = fields.DateTime(allow_none=True)
    due_at = fields.DateTime(allow_none=True)
    because = fields.Dict(allow_none=True)


class OpenedLine(ma.Schema):
    """A visit that an event opened."""

    visit = fields.Integer()
    step = fields.String()
    title = fields.String()
    kind = fields.String()
    depth = fields.Integer()
    open = fields.Boolean()
    asked = fields.List(fields.Nested(AskedLine))


class PassageLine(ma.Schema):
    """One event of a run with what came of it."""

    seq = fields.Integer()
    at = fields.DateTime()
    actor = fields.String()
    actor_name = fields.String(allow_none=True)
    what = fields.String()
    act = fields.String(allow_none=True)
    step = fields.String(allow_none=True)
    title = fields.String(allow_none=True)
    depth = fields.Integer()
    comment = fields.String(allow_none=True)
    reason = fields.String(allow_none=True)
    code = fields.String(allow_none=True)
    params = fields.Dict()
    conditions = fields.List(fields.Nested(ConditionLine))
    deeds = fields.List(fields.Nested(DeedLine))
    opened = fields.List(fields.Nested(OpenedLine))


class IncidentLine(ma.Schema):
    """What waits for an administrator."""

    visit = fields.Integer()
    step = fields.String()
    title = fields.String()
    kind = fields.String()
    code = fields.String()
    params = fields.Dict()
    effect = fields.String()
    since = fields.DateTime(allow_none=True)
    may = fields.List(fields.String())


class TimerLine(ma.Schema):
    """A timer that is still to come."""

    step = fields.String(allow_none=True)
    title = fields.String()
    due_at = fields.DateTime()


class ChildLine(ma.Schema):
    """A run that this one called."""

    run = fields.Integer()
    flow = fields.String()
    status = fields.String()


class TargetLine(ma.Schema):
    """A step to which the run may be sent."""

    step = fields.String()
    title = fields.String()
    depth = fields.Integer()


class StoryAnswer(ma.Schema):
    """A run with its way and its reasons."""

    run = fields.Nested(RunLineAnswer)
    passages = fields.List(fields.Nested(PassageLine))
    incidents = fields.List(fields.Nested(IncidentLine))
    timers = fields.List(fields.Nested(TimerLine))
    children = fields.List(fields.Nested(ChildLine))
    parent = fields.Integer(allow_none=True)
    targets = fields.List(fields.Nested(TargetLine))


class StepFiguresLine(ma.Schema):
    """A step in a period; times in seconds from opened to done."""

    step = fields.String()
    title = fields.String()
    visits = fields.Integer()
    done = fields.Integer()
    median_seconds = fields.Integer(allow_none=True)
    p90_seconds = fields.Integer(allow_none=True)
    returned = fields.Integer()
    rejected = fields.Integer()
    open = fields.Integer()
    overdue = fields.Integer()
    late = fields.Integer()


class FlowFiguresAnswer(ma.Schema):
    """The runs of a flow that were started in a period, and their steps."""

    flow = fields.String()
    title = fields.String()
    since = fields.DateTime(data_key="from")
    until = fields.DateTime(data_key="to")
    started = fields.Integer()
    ended = fields.Integer()
    stuck = fields.Integer()
    median_seconds = fields.Integer(allow_none=True)
    p90_seconds = fields.Integer(allow_none=True)
    steps = fields.List(fields.Nested(StepFiguresLine))


class HealthAnswer(ma.Schema):
    """How the runs are, in counts."""

    running = fields.Integer()
    stuck = fields.Integer()
    incidents = fields.Integer()
    dead_letters = fields.Integer()
    late_timers = fields.Integer()
    reports = fields.Integer()


class ReportLine(ma.Schema):
    """Something that an automation could not do."""

    id = fields.Integer()
    at = fields.DateTime()
    code = fields.String()
    flow = fields.String()
    record = fields.Integer(allow_none=True)
    params = fields.Dict()
    seen_at = fields.DateTime(allow_none=True)


class ReportsAnswer(ma.Schema):
    """Reports, the latest first."""

    items = fields.List(fields.Nested(ReportLine))


class RetiredAnswer(ma.Schema):
    """Whether a flow starts nothing any more."""

    flow = fields.String()
    retired = fields.Boolean()


class NotedAnswer(ma.Schema):
    """The report that somebody has taken note of."""

    id = fields.Integer()


class DeadLetterLine(ma.Schema):
    """Work of the background that was given up; ``error`` is what went wrong the last time."""

    id = fields.Integer()
    kind = fields.String()
    attempts = fields.Integer()
    error = fields.String(allow_none=True)
    run = fields.Integer(allow_none=True)
    created_at = fields.DateTime()
    dead_at = fields.DateTime(allow_none=True)


class DeadLettersAnswer(ma.Schema):
    """At most a hundred, the latest first."""

    items = fields.List(fields.Nested(DeadLetterLine))
