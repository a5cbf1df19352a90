"""The description of the API: OpenAPI 3.1 for machines, and a page made from it for people."""

import json
from collections.abc import Iterator
from typing import Any

from flask import Flask, Response, jsonify, render_template
from flask_smorest import Api  # type: ignore[import-untyped]

from web.policies import policy, public

SPEC = {
    "info": {
        "description": "Forms, records, tasks and definitions. Errors are RFC 9457 problem details.",
        "license": {"name": "See the repository", "identifier": "LicenseRef-Formloom"},
    },
    "security": [{"token": []}],
    "components": {
        "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        "responses": {
            "Problem": {
                "description": "What went wrong, in the reader's language",
                "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
            }
        },
        "schemas": {
            "Problem": {
                "type": "object",
                "required": ["type", "title", "status", "code", "issues"],
                "properties": {
                    "type": {"type": "string"},
                    "title": {"type": "string"},
                    "status": {"type": "integer"},
                    "detail": {"type": "string"},
                    "code": {"type": "string"},
                    "params": {"type": "object"},
                    "request": {"type": ["string", "null"]},
                    "issues": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "properties": {
                                "pointer": {"type": "string"},
                                "code": {"type": "string"},
                                "detail": {"type": "string"},
                            },
                        },
                    },
                },
            }
        },
    },
}
_HEADERS = (
    {
        "name": "Idempotency-Key",
        "in": "header",
        "required": False,
        "description": "Needed where something is made or decided: the same key gets the first answer again.",
        "schema": {"type": "string", "pattern": "^[A-Za-z0-9_-]{8,100}$"},
    },
    {
        "name": "If-Match",
        "in": "header",
        "required": False,
        "description": "The version (ETag) that the change is based on; definitions demand it.",
        "schema": {"type": "string", "maxLength": 40},
    },
)
_TONES = {"get": "running", "post": "good", "put": "warn", "patch": "warn", "delete": "bad"}


def register(app: Flask, api: Api) -> None:
    """Serve the document and its page; both are public, since they say nothing about anybody."""

    @app.get("/api/v1/openapi.json", endpoint="openapi.document")
    @policy(public)
    def document() -> Response:
        return jsonify(described(api))

    @app.get("/openapi", endpoint="openapi.page")
    @policy(public)
    def page() -> str:
        spec = described(api)
        return render_template("pages/api.html", spec=spec, groups=_groups(spec))


def described(api: Api) -> dict[str, Any]:
    """The document as it is true of us: every error is a problem, and what changes things reads two headers."""
    spec: dict[str, Any] = api.spec.to_dict()
    for operations in spec["paths"].values():
        for method, operation in operations.items():
            if method not in _TONES:
                continue
            answers = {status: answer for status, answer in operation["responses"].items() if status.startswith("2")}
            operation["responses"] = {**answers, "default": {"$ref": "#/components/responses/Problem"}}
            if method != "get":
                operation["parameters"] = [*operation.get("parameters", ()), *_HEADERS]
    _without_doubles(spec)
    unused = {name for name in spec["components"]["responses"] if name != "Problem"}
    for name in unused:
        del spec["components"]["responses"][name]
    return spec


def _without_doubles(part: Any) -> None:
    """A schema that may be blank twice over says `null` twice, which is no schema."""
    if isinstance(part, dict):
        if isinstance(part.get("type"), list):
            part["type"] = list(dict.fromkeys(part["type"]))
        for each in part.values():
            _without_doubles(each)
    elif isinstance(part, list):
        for each in part:
            _without_doubles(each)


def _groups(spec: dict[str, Any]) -> list[dict[str, Any]]:
    groups = {tag["name"]: {**tag, "calls": []} for tag in spec.get("tags", ())}
    for path, operations in spec["paths"].items():
        shared = operations.get("parameters", [])
        for method, operation in operations.items():
            if method not in _TONES:
                continue
            call = _call(spec, path, method, operation, shared)
            groups[operation["tags"][0]]["calls"].append(call)
    return list(groups.values())


def _call(spec: dict[str, Any], path: str, method: str, operation: dict[str, Any], shared: list[Any]) -> dict[str, Any]:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
    answers = [answer for status, answer in operation["responses"].items() if status.startswith("2")]
    answer = answers[0].get("content", {}).get("application/json", {}).get("schema") if answers else None
    return {
        "path": path,
        "method": method.upper(),
        "tone": _TONES[method],
        "summary": operation.get("summary", ""),
        "description": operation.get("description", ""),
        "parameters": [*shared, *operation.get("parameters", [])],
        "body": _sketch(spec, body),
        "answer": _sketch(spec, answer),
    }


def _sketch(spec: dict[str, Any], schema: dict[str, Any] | None) -> str:
    """A schema as the JSON one would write: keys with their types."""
    return json.dumps(_shape(spec, schema), indent=2, ensure_ascii=False) if schema else ""


def _shape(spec: dict[str, Any], schema: dict[str, Any]) -> Any:
    if "$ref" in schema:
        return _shape(spec, spec["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]])
    if "properties" in schema:
        return dict(_properties(spec, schema))
    if schema.get("type") == "array" and "items" in schema:
        return [_shape(spec, schema["items"])]
    kind = schema.get("type", "any")
    return " | ".join(kind) if isinstance(kind, list) else kind


def _properties(spec: dict[str, Any], schema: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    required = set(schema.get("required", ()))
    for key, value in schema["properties"].items():
        yield (key if key in required or not required else f"{key}?"), _shape(spec, value)
