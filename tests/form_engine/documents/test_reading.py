"""A document of a record is drawn as its reader may see it, in their language."""

from io import BytesIO
from typing import Any

import pytest
from formloom.errors import InvalidDefinition, InvalidInput, NotFound
from formloom.files import FileStore, FolderFiles
from formloom.models import Person
from PIL import Image

from form_engine.documents.html import html_of, whole_page
from form_engine.documents.service import Documents
from form_engine.documents.store import DocumentStore
from form_engine.records.actor import SYSTEM, Actor
from tests.form_engine.documents.test_parse import document
from tests.form_engine.office import BUDGET, Office

CHIEF, MEMBER = frozenset({"chief"}), frozenset({"member"})
PHOTO = {
    "kind": "form",
    "key": "visit",
    "title": "Visit",
    "fields": [
        {"key": "place", "type": "text", "label": {"en": "Place", "zh-CN": "地点"}},
        {"key": "seen", "type": "photo", "label": "Seen"},
        {
            "key": "kind",
            "type": "choice",
            "label": "Kind",
            "options": [{"key": "a", "label": {"en": "A", "zh-CN": "甲"}}],
        },
        {"key": "day", "type": "date", "label": "Day"},
        {"key": "who", "type": "member", "label": "Who"},
    ],
    "access": [{"role": "chief", "may": ["create", "read", "update"]}],
}


class World:
    """An office with documents."""

    def __init__(self, office: Office, folder: Any) -> None:
        self.office = office
        self.store = DocumentStore(office.forms)
        office.forms.dependents = (self.store,)
        self.files = FileStore(FolderFiles(folder / "files"), 10_000_000, folder / "incoming")
        self.documents = Documents(
            office.forms, self.files, self.store, lambda _, record: {"record": f"http://here/records/{record}"}
        )
        with office.work() as session:
            people = [Person(workspace_id=office.workspace, login=each, name=each) for each in ("ann", "bob")]
            session.add_all(people)
            session.flush()
            self.ann, self.bob = (each.id for each in people)
        self.chief = Actor.person(self.ann, CHIEF, "ann")
        self.member = Actor.person(self.bob, MEMBER, "bob")

    def publish(self, raw: dict[str, Any]) -> None:
        with self.office.work() as session:
            self.store.publish_together(session, {raw["key"]: raw}, SYSTEM)

    def sheet(self, record: int, actor: Actor, locale: str = "en", key: str = "slip") -> Any:
        with self.office.work() as session:
            return self.documents.prepare(session, record, key, actor, locale).sheet

    def body(self, record: int, actor: Actor, locale: str = "en") -> list[dict[str, Any]]:
        body: list[dict[str, Any]] = self.sheet(record, actor, locale)["body"]
        return body

    def texts(self, record: int, actor: Actor, locale: str = "en") -> list[str]:
        return [node["text"] for node in self.body(record, actor, locale) if node["is"] == "words"]


@pytest.fixture
def world(office: Office, tmp_path: Any) -> World:
    return World(office, tmp_path)


def budget_slip(*blocks: dict[str, Any], **parts: Any) -> dict[str, Any]:
    return document(*blocks, form="budget", **parts)


def text(said: Any, **parts: Any) -> dict[str, Any]:
    return {"type": "paragraph", "text": said, **parts}


def test_values_are_written_as_their_fields_write_them(world: World) -> None:
    budget = world.office.create("budget", {"code": "A", "name": "Air", "amount": "1200.5", "owner": world.bob})
    lines = [{"budget": budget.id, "cost": "100"}, {"budget": budget.id, "cost": "200.25"}]
    claim = world.office.create("claim", {"subject": "Taxi", "main": budget.id, "lines": lines})
    world.publish(
        document(
            text({"en": "{number}: {subject} of {main.name}, {main.amount}", "zh-CN": "{subject}（{main.owner}）"}),
            {"type": "fields", "items": ["subject", "main", "main.owner", {"label": "Twice", "value": "total * 2"}]},
            {
                "type": "rows",
                "of": "lines",
                "sort": ["-cost"],
                "columns": ["row.budget", {"value": "row.cost", "total": "sum"}, {"value": "row.cost", "label": "n"}],
            },
        )
    )
    body = world.body(claim.id, SYSTEM)
    assert body[0]["text"] == f"{claim.number}: Taxi of Air, ¥1,200.50"
    assert [(item["label"], item["text"]) for item in body[1]["items"]] == [
        ("Subject", "Taxi"),
        ("Main budget", "A Air"),
        ("Owner", "bob"),
        ("Twice", "¥600.50"),
    ]
    assert body[2]["rows"] == [["A Air", "¥200.25", "¥200.25"], ["A Air", "¥100.00", "¥100.00"]]
    assert body[2]["totals"] == ["", "¥300.25", ""]
    assert [column["align"] for column in body[2]["columns"]] == ["left", "right", "right"]
    assert world.texts(claim.id, SYSTEM, "zh-CN") == ["Taxi（bob）"]


def test_records_that_link_here_are_those_that_the_reader_could_list(world: World) -> None:
    budget = world.office.create("budget", {"code": "A", "amount": "1000", "owner": world.bob})
    other = world.office.create("budget", {"code": "B", "amount": "1000"})
    for subject, main, actor in (("own", budget, world.member), ("chief's", budget, world.chief), ("x", other, SYSTEM)):
        line = [{"budget": main.id, "cost": "10"}]
        world.office.create("claim", {"subject": subject, "main": main.id, "lines": line}, actor)
    block = {
        "type": "rows",
        "of": {"form": "claim", "via": "main"},
        "where": 'target.state = "open"',
        "sort": ["subject"],
        "columns": ["row.subject", {"value": "row.total", "label": "Total", "total": "sum"}],
        "numbered": True,
    }
    world.publish(budget_slip(block))
    (seen,) = world.body(budget.id, world.chief)
    assert [row[0] for row in seen["rows"]] == ["chief's", "own"]
    assert seen["totals"] == ["", "¥20.00"]
    (seen,) = world.body(budget.id, world.member)
    assert [row[0] for row in seen["rows"]] == ["own"]
    world.publish(budget_slip({**block, "limit": 1}))
    (seen,) = world.body(budget.id, world.chief, "zh-CN")
    assert (len(seen["rows"]), seen["more"]) == (1, "……另有 1 条")


def test_what_may_not_be_read_is_absent_everywhere(world: World) -> None:
    budget = world.office.create("budget", {"code": "A", "amount": "1", "owner": world.bob, "secret": "hush"})
    claim = world.office.create("claim", {"subject": "s", "main": budget.id}, world.member)
    blocks = [
        text("a{secret}b{whisper}c"),
        text("seen", when='secret = "hush"'),
        text("unseen", when='NOT (secret = "hush")'),
        {"type": "fields", "items": ["code", "secret", {"label": "L", "value": "LEN(whisper)"}]},
        {"type": "qr", "value": "secret"},
    ]
    world.publish(budget_slip(*blocks, name="{code}{secret}", page={"header": "{secret}", "footer": "{whisper}"}))
    world.publish(document(text("x{main.secret}y{main.whisper}z"), key="of_claim"))
    for reader, shown in ((world.chief, True), (world.member, False)):
        with world.office.work() as session:
            made = world.documents.prepare(session, budget.id, "slip", reader, "en")
        told = repr(made) + str(html_of(made.sheet, str))
        assert ("hush" in told) is shown
        assert ("unseen" not in told) or not shown
        assert [item["label"] for node in made.sheet["body"] if node["is"] == "fields" for item in node["items"]] == (
            ["Code", "Secret", "L"] if shown else ["Code"]
        )
    assert world.texts(budget.id, world.member) == ["abc"]
    with world.office.work() as session:
        body = world.documents.prepare(session, claim.id, "of_claim", world.member, "en").sheet["body"]
    assert body[0]["text"] == "xyz"


def test_a_record_or_document_of_others_is_not_there(world: World) -> None:
    budget = world.office.create("budget", {"code": "A", "amount": "1"})
    world.publish(budget_slip(text("x"), roles=["chief"]))
    for record, key, actor in (
        (budget.id, "slip", world.member),
        (budget.id, "nothing", world.chief),
        (999_999, "slip", world.chief),
    ):
        with world.office.work() as session, pytest.raises(NotFound):
            world.documents.prepare(session, record, key, actor, "en")
    own = world.office.create("budget", {"code": "B", "amount": "1", "owner": world.bob})
    with world.office.work() as session:
        assert world.documents.offered(session, own.id, world.member, "en") == ()
        assert [one.title for one in world.documents.offered(session, own.id, world.chief, "zh-CN")] == ["单据"]
        with pytest.raises(NotFound):
            world.documents.prepare(session, own.id, "slip", world.member, "en")


def test_conditions_choose_and_errors_are_shown(world: World) -> None:
    budget = world.office.create("budget", {"code": "A", "amount": "10"})
    blocks = [
        {"type": "group", "when": "amount > 5", "blocks": [text("much")]},
        {"type": "group", "when": "amount <= 5", "blocks": [text("little")]},
        text("{1 / (amount - 10)}"),
        text("never", when="1 / (amount - 10) > 0"),
        text("{name}"),
    ]
    world.publish(budget_slip(*blocks, when="amount > 1"))
    body = world.body(budget.id, SYSTEM)
    assert body[0]["nodes"][0]["text"] == "much"
    assert [node["text"] for node in body[1:]] == ["#DIV/0!", "#DIV/0!"]  # a blank paragraph leaves no gap
    world.office.update(budget.id, {"amount": "1"})
    with world.office.work() as session:
        assert world.documents.offered(session, budget.id, SYSTEM, "en") == ()
        with pytest.raises(InvalidInput, match="document_not_for_record"):
            world.documents.prepare(session, budget.id, "slip", SYSTEM, "en")


def photo() -> BytesIO:
    out = BytesIO()
    Image.new("RGB", (400, 300), "#336699").save(out, "PNG")
    out.seek(0)
    return out


def test_pictures_come_from_the_record_and_from_the_definition_that_holds_them(world: World) -> None:
    with world.office.work() as session:
        world.office.forms.publish_together(session, {"visit": PHOTO}, SYSTEM)
        stored = world.files.store(session, photo(), "a.png", world.chief.ref)
        logo = world.files.store(session, photo(), "logo.png", world.chief.ref)
        text_file = world.files.store(session, BytesIO(b"words"), "a.txt", world.chief.ref)
        strange = world.files.store(session, photo(), "strange.png", world.member.ref)
    seen = [str(stored.id), str(text_file.id)]
    visit = world.office.create("visit", {"place": "<i>Pier</i>", "seen": [seen[0]], "kind": "a"}, world.chief)
    raw = document(
        {"type": "image", "value": "seen", "width": "40mm"},
        {"type": "image", "file": str(logo.id), "height": "10mm", "align": "right"},
        {"type": "qr", "link": "record", "label": "look"},
        {"type": "signature", "label": {"en": "By", "zh-CN": "签字"}},
        text("{place} {kind} {day} {who}"),
        form="visit",
    )
    with world.office.work() as session:
        for other in (str(strange.id), str(text_file.id), "00000000-0000-0000-0000-000000000000"):
            wrong = document({"type": "image", "file": other}, form="visit", key="wrong")
            world.store.save_draft(session, "wrong", wrong, world.chief)
            assert [issue.pointer for issue in world.store.problems(session, "wrong", wrong)] == ["/blocks/0/file"]
        world.store.save_draft(session, "slip", raw, world.chief)
        world.store.publish(session, "slip", world.chief)
    with world.office.work() as session:
        made = world.documents.prepare(session, visit.id, "slip", world.chief, "zh-CN")
        unread = world.documents.prepare(session, visit.id, "slip", world.chief, "en", files=False)
    assert [node["is"] for node in made.sheet["body"]] == ["images", "images", "qr", "signature", "words"]
    assert made.sheet["body"][2]["text"] == f"http://here/records/{visit.id}"
    assert set(made.files) == {str(stored.id), str(logo.id)}
    assert unread.files == {}
    assert made.pdf().startswith(b"%PDF-")
    page, style = whole_page(made.sheet, lambda file: f"/files/{file}")
    assert "&lt;i&gt;Pier&lt;/i&gt; 甲" in page
    assert "<i>" not in page
    assert style in page
    assert ' style="' not in page


def test_a_document_goes_on_fitting_its_form(world: World) -> None:
    world.publish(budget_slip(text("{opened}")))
    changed = {**BUDGET, "fields": [field for field in BUDGET["fields"] if field["key"] != "opened"]}
    with world.office.work() as session:
        told = world.office.forms.problems(session, "budget", changed)
    assert [(issue.code, issue.params["key"]) for issue in told] == [("breaks_document", "slip")]


def test_filters_that_are_no_sql_are_refused(world: World) -> None:
    rows = {"type": "rows", "of": {"form": "claim", "via": "main"}, "columns": ["row.subject"]}
    with pytest.raises(InvalidDefinition) as caught:
        world.publish(budget_slip({**rows, "where": "target.total / 3 > 1"}))
    assert [issue.code for issue in caught.value.issues] == ["filter_not_in_sql"]


def test_a_word_template_gets_plain_values(world: World) -> None:
    from docx import Document

    source = Document()
    source.add_paragraph(
        "{{ subject }} {{ number }} {{ owner_name }}: {% for row in lines %}{{ row.cost }} {% endfor %}"
    )
    out = BytesIO()
    source.save(out)
    out.seek(0)
    with world.office.work() as session:
        stored = world.files.store(session, out, "t.docx", world.chief.ref)
        raw = document(docx=str(stored.id), values={"owner_name": "main.owner"})
        world.store.save_draft(session, "slip", raw, world.chief)
        world.store.publish(session, "slip", world.chief)
    budget = world.office.create("budget", {"code": "A", "amount": "9", "owner": world.bob})
    lines = [{"budget": budget.id, "cost": "1.5"}, {"budget": budget.id, "cost": "2"}]
    claim = world.office.create("claim", {"subject": "A & <B>", "main": budget.id, "lines": lines})
    with world.office.work() as session:
        made = world.documents.prepare(session, claim.id, "slip", SYSTEM, "en")
    assert made.formats == ("docx",)
    shown = [each.text for each in Document(BytesIO(made.word())).paragraphs]
    assert shown == [f"A & <B> {claim.number} bob: ¥1.50 ¥2.00 "]
    with pytest.raises(NotFound, match="no_such_format"):
        made.pdf()
