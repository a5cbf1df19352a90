"""What the API answers with, where no module of its own says so: described for programs that read it."""

import marshmallow as ma
from marshmallow import fields


class FormLine(ma.Schema):
    """A form of which the caller may list or make records."""

    key = fields.String()
    title = fields.String()
    version = fields.Integer()
    may = fields.List(fields.String())


class FormsListAnswer(ma.Schema):
    """Forms."""

    items = fields.List(fields.Nested(FormLine))


class FormAnswer(ma.Schema):
    """A form as the caller may fill it in; formulas are trees."""

    form = fields.String()
    version = fields.Integer()
    locale = fields.String()
    record = fields.Dict(allow_none=True)
    fields_ = fields.List(fields.Dict(), data_key="fields")
    rules = fields.List(fields.Dict())
    layout = fields.List(fields.Dict())
    linked = fields.Dict()
    types = fields.Dict()
    people = fields.Dict()
    files = fields.Dict()
    departments = fields.Dict()
    context = fields.Dict()
    submit = fields.Dict(allow_none=True)
    lookup = fields.String()
    upload = fields.String()
    people_url = fields.String(allow_none=True)
    departments_url = fields.String(allow_none=True)
    draft_key = fields.String(allow_none=True)


class Candidate(ma.Schema):
    """A record that a link may choose; ``values`` are what the form's formulas read of it."""

    id = fields.Integer()
    display = fields.String()
    sub = fields.String(allow_none=True)
    values = fields.Dict()


class CandidatesAnswer(ma.Schema):
    """Candidates; ``linked`` are records that formulas reach through them."""

    items = fields.List(fields.Nested(Candidate))
    next = fields.String(allow_none=True)
    linked = fields.Dict()


class StepLine(ma.Schema):
    """One step of a run."""

    state = fields.String()
    title = fields.String()
    who = fields.String(allow_none=True)
    at = fields.DateTime(allow_none=True)
    due = fields.DateTime(allow_none=True)
    reason = fields.String(allow_none=True)
    comment = fields.String(allow_none=True)


class RunAnswer(ma.Schema):
    """A flow at work on a record."""

    id = fields.Integer()
    title = fields.String()
    state = fields.String()
    steps = fields.List(fields.Nested(StepLine))


class ClockLine(ma.Schema):
    """A named clock of a run. Seconds are of the time that counts: under a calendar working time, without pauses."""

    key = fields.String()
    title = fields.String()
    started_at = fields.DateTime()
    stopped_at = fields.DateTime(allow_none=True)
    due_at = fields.DateTime(allow_none=True, metadata={"description": "None while it is paused, and without a target"})
    used_seconds = fields.Integer()
    target_seconds = fields.Integer(allow_none=True)
    remaining_seconds = fields.Integer(allow_none=True, metadata={"description": "Negative once it is overdue"})
    used_share = fields.String(allow_none=True)
    colour = fields.String()
    paused = fields.Boolean()
    breached = fields.Boolean(metadata={"description": "Missed once; never taken back"})


class TimedRunAnswer(RunAnswer):
    """A run with its clocks."""

    clocks = fields.List(fields.Nested(ClockLine))


class EventAnswer(ma.Schema):
    """What came of an event that was reported."""

    run = fields.Integer()
    event = fields.String()
    taken = fields.Integer(metadata={"description": "How many waiting steps went on by it"})


class TimelineAnswer(ma.Schema):
    """The runs over a record."""

    items = fields.List(fields.Nested(RunAnswer))


class ReplayAnswer(ma.Schema):
    """Whether a run's journal gives its state, and where not."""

    ok = fields.Boolean()
    differences = fields.List(fields.String())


class PressedAnswer(ma.Schema):
    """The run that a button began."""

    run = fields.Integer(allow_none=True)
    next = fields.String()


class InboxLine(ma.Schema):
    """A line of the inbox."""

    task = fields.Integer(allow_none=True)
    run = fields.Integer()
    record = fields.Integer()
    form = fields.String()
    title = fields.String()
    step = fields.String(allow_none=True)
    step_title = fields.String(allow_none=True)
    flow = fields.String()
    status = fields.String()
    run_status = fields.String()
    decision = fields.String(allow_none=True)
    at = fields.DateTime()
    due_at = fields.DateTime(allow_none=True)
    clocks = fields.List(fields.Nested(ClockLine))


class InboxAnswer(ma.Schema):
    """A page of a tab."""

    items = fields.List(fields.Nested(InboxLine))
    next = fields.String(allow_none=True)
    counts = fields.Dict(keys=fields.String(), values=fields.Integer())


class TaskAnswer(ma.Schema):
    """A task: its record, and what may be decided."""

    id = fields.Integer()
    run = fields.Integer()
    step = fields.String()
    status = fields.String()
    decision = fields.String(allow_none=True)
    due_at = fields.DateTime(allow_none=True)
    clocks = fields.List(fields.Nested(ClockLine))
    actions = fields.List(fields.Dict())
    acts = fields.List(fields.String(), metadata={"description": "What may be done about who decides"})
    may_take_back = fields.Boolean()
    required = fields.List(fields.String())
    fields_ = fields.Dict(data_key="fields", keys=fields.String(), values=fields.String())
    record = fields.Dict()


class DecidedAnswer(ma.Schema):
    """What became of a decision."""

    class Meta:
        unknown = ma.INCLUDE


class MeAnswer(ma.Schema):
    """The caller."""

    id = fields.Integer()
    name = fields.String()
    roles = fields.List(fields.String())
    locale = fields.String(allow_none=True)
    time_zone = fields.String()
    scopes = fields.List(fields.String(), allow_none=True)


class NamedLine(ma.Schema):
    """Somebody, or a department."""

    id = fields.Integer()
    name = fields.String()


class NamesAnswer(ma.Schema):
    """Names only."""

    items = fields.List(fields.Nested(NamedLine))


class FileAnswer(ma.Schema):
    """A file that was taken in; its type was judged by its content."""

    id = fields.String()
    name = fields.String()
    media_type = fields.String()
    size = fields.Integer()
    url = fields.String()


class AbsenceAnswer(ma.Schema):
    """Somebody is away; somebody else is asked."""

    id = fields.Integer()
    person = fields.Integer()
    person_name = fields.String()
    proxy = fields.Integer()
    proxy_name = fields.String()
    starts_at = fields.String()
    ends_at = fields.String()
    flows = fields.List(fields.String(), allow_none=True)
    as_well = fields.Boolean()
    note = fields.String()


class AbsencesAnswer(ma.Schema):
    """Absences that are not over."""

    items = fields.List(fields.Nested(AbsenceAnswer))


class UrgedAnswer(ma.Schema):
    """How many tasks were urged."""

    urged = fields.Integer()


class StuckLine(ma.Schema):
    """A visit that waits for an administrator."""

    run = fields.Integer()
    visit = fields.Integer()
    flow = fields.String()
    flow_title = fields.String()
    step = fields.String()
    step_title = fields.String()
    record = fields.Integer()
    record_title = fields.String()
    kind = fields.String()
    because = fields.String()
    why = fields.String()
    since = fields.String()
    asked = fields.List(fields.Integer())
    people_may = fields.Boolean()


class StuckAnswer(ma.Schema):
    """A page of what is stuck; ``next`` is the run after which the following page begins."""

    items = fields.List(fields.Nested(StuckLine))
    next = fields.Integer(allow_none=True)


class PersonCard(ma.Schema):
    """Somebody by name."""

    id = fields.Integer()
    name = fields.String()


class HoldingAnswer(ma.Schema):
    """What somebody would leave behind."""

    tasks = fields.Integer()
    manager = fields.Nested(PersonCard, allow_none=True)


class MovedLine(PersonCard):
    """Who has how many tasks now."""

    tasks = fields.Integer()


class HandedAnswer(ma.Schema):
    """Where the tasks of somebody who left are; ``more``: the rest follows in the background."""

    moved = fields.List(fields.Nested(MovedLine))
    stuck = fields.Integer()
    kept = fields.Integer()
    more = fields.Boolean()


class ChoiceLine(ma.Schema):
    """Whom somebody who submits picks for a step; ``people`` is null where anybody may be picked."""

    flow = fields.String()
    step = fields.String()
    title = fields.String()
    many = fields.Boolean()
    people = fields.List(fields.Nested(PersonCard), allow_none=True)


class ChoicesAnswer(ma.Schema):
    """The choices of the flows that submitting may start."""

    items = fields.List(fields.Nested(ChoiceLine))
