"""Forms of our own: `probe` has a field of every type that people fill; `dossier` hides a field from agents."""

from typing import Any

Json = dict[str, Any]


def _text(words: str) -> dict[str, str]:
    return {"en": words, "zh-CN": f"{words}（中）"}


def _field(key: str, kind: str, **more: Any) -> Json:
    return {"key": key, "type": kind, "label": _text(key), **more}


OPTIONS = [{"key": "one", "label": _text("One")}, {"key": "two", "label": _text("Two")}]

PROBE: Json = {
    "kind": "form",
    "key": "probe",
    "title": _text("Probe"),
    "access": [
        {"role": "agent", "may": ["create", "read", "update"], "fields": {"*": "write", "fixed": "read"}},
        {"role": "admin", "may": ["create", "read", "update", "delete", "import", "export"]},
    ],
    "fields": [
        _field("text", "text", max_length=50, index=True),
        _field("figure", "number", decimals=2, index=True),
        _field("money", "money", currency="CNY"),
        _field("percent", "percent"),
        _field("date", "date", index=True),
        _field("datetime", "datetime"),
        _field("boolean", "boolean"),
        _field("choice", "choice", options=OPTIONS, index=True),
        _field("member", "member"),
        _field("phone", "phone"),
        _field("link", "link", form="dossier"),
        _field("photo", "photo"),
        _field("file", "file"),
        _field("fixed", "text"),
        _field("twice", "formula", value="figure * 2"),
        _field("peek", "formula", value="link.secret"),
        _field("status", "choice", options=OPTIONS, start="one", transitions=[["one", "two"]]),
        _field(
            "rows",
            "table",
            max=20,
            fields=[
                _field("item", "text", max_length=50),
                _field("count", "number", decimals=0),
                _field("dossier", "link", form="dossier"),
                _field("doubled", "formula", value="row.count * 2"),
            ],
        ),
    ],
    "list": ["text", "figure", "choice", "status"],
    "display": "text",
}

DOSSIER: Json = {
    "kind": "form",
    "key": "dossier",
    "title": _text("Dossier"),
    "access": [
        {"role": "admin", "may": ["create", "read", "update", "delete"]},
        {"role": "agent", "may": ["read", "update"], "fields": {"*": "write", "secret": "hidden", "whisper": "hidden"}},
        {"role": "finance", "may": ["read"], "where": "open", "fields": {"*": "read", "whisper": "hidden"}},
    ],
    "fields": [
        _field("name", "text", index=True, required=True),
        _field("open", "boolean", index=True),
        _field("secret", "number", decimals=0, index=True),
        _field("whisper", "text", index=True),
        _field("remark", "text"),
        _field("derived", "formula", value="secret + 1"),
    ],
    "list": ["name", "secret", "whisper", "derived"],
    "display": "name",
}

FORMS = {"dossier": DOSSIER, "probe": PROBE}
