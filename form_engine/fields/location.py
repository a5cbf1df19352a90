"""A place on the map: `{"lat": "31.230400", "lon": "121.473700", "crs": "wgs84", "accuracy": "15.0", "address": "…"}`.

Decimal degrees as text with six decimals (some ten centimetres); `accuracy` in metres with one, where a device said
how sure it was. `crs` says whose coordinates they are: `wgs84` (what devices give) or `gcj02` (Chinese maps); places in
different ones are never compared.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, ClassVar, Final

from form_engine.fields.base import (
    NO_HINTS,
    NO_NAMES,
    Cleaner,
    Coerced,
    CoerceHints,
    Coercer,
    ExportCell,
    FieldType,
    Glossary,
    Refused,
    refuse,
)
from form_engine.fields.coercion import folded, is_blank
from form_engine.fields.decimals import canonical_decimal, decimal_cleaner, rounded
from form_engine.fields.schema import Schema
from form_engine.fields.text import TextConfig, TextField
from form_engine.formula import LocationValue, Type
from form_engine.formula.types import LOCATION

SCALE: Final = 6
SYSTEMS: Final = {"wgs84": "WGS-84", "gcj02": "GCJ-02"}
_LATITUDE: Final = decimal_cleaner(SCALE, -90 * 10**SCALE, 90 * 10**SCALE)
_LONGITUDE: Final = decimal_cleaner(SCALE, -180 * 10**SCALE, 180 * 10**SCALE)
_ADDRESS: Final = TextField().cleaner(TextConfig(multiline=False, max_length=200))
_DEGREES: Final = r"(-?[0-9]{1,3}(?:\.[0-9]+)?) ?°? ?"
_PAIR: Final = re.compile(rf"\(? ?([ns])? ?{_DEGREES}([ns])? ?[, ;/] ?([ew])? ?{_DEGREES}([ew])? ?\)?")


@dataclass(frozen=True, slots=True)
class LocationConfig:
    """`worst`: the largest accuracy radius in metres that will do. `capture: only` wants the device's own reading."""

    worst: int | None = None
    only_captured: bool = False


class LocationField(FieldType[LocationConfig]):
    name = "location"
    look = "place"
    config_schema: ClassVar[Mapping[str, Any]] = {
        "max_accuracy": {"type": "integer", "minimum": 1, "maximum": 100_000},
        "capture": {"enum": ["allow", "only"]},
    }

    def parse_config(self, raw: Mapping[str, Any]) -> LocationConfig:
        return LocationConfig(raw.get("max_accuracy"), raw.get("capture") == "only")

    def cleaner(self, config: LocationConfig) -> Cleaner:
        accurate = decimal_cleaner(1, 0, config.worst * 10 if config.worst is not None else 10**8)
        measured = config.worst is not None or config.only_captured

        def clean(raw: object) -> Any:
            if type(raw) is not dict:
                return refuse("not_a_location")
            if not raw.keys() <= {"lat", "lon", "crs", "accuracy", "address"}:
                return refuse("not_a_location")
            crs = raw.get("crs", "wgs84")
            if type(crs) is not str or crs not in SYSTEMS:
                return refuse("not_an_option", "/crs")
            stored: dict[str, Any] = {"crs": crs}
            parts = [("lat", _LATITUDE), ("lon", _LONGITUDE), ("accuracy", accurate), ("address", _ADDRESS)]
            for key, read in parts:
                if raw.get(key) is None:
                    if key in ("lat", "lon") or (key == "accuracy" and measured):
                        return refuse("required", f"/{key}")
                    continue
                found = read(raw[key])
                if isinstance(found, Refused):
                    issue = found.issues[0]
                    too_rough = key == "accuracy" and issue.code == "above_max" and config.worst is not None
                    if too_rough:
                        return refuse("too_inaccurate", "/accuracy", max=config.worst)
                    return refuse(issue.code, f"/{key}", **issue.params)
                if found is not None:
                    stored[key] = found
            return stored

        return clean

    def formula_type(self, config: LocationConfig) -> Type:
        return LOCATION

    def to_value(self, stored: Any, config: LocationConfig) -> LocationValue:
        accuracy = Decimal(stored["accuracy"]) if stored.get("accuracy") is not None else None
        return LocationValue(Decimal(stored["lat"]), Decimal(stored["lon"]), SYSTEMS[stored["crs"]], accuracy)

    def to_json(self, value: Any, config: LocationConfig) -> object:
        if not isinstance(value, LocationValue):
            return value
        crs = next((key for key, name in SYSTEMS.items() if name == value.crs), value.crs)
        return {"lat": rounded(value.latitude, SCALE), "lon": rounded(value.longitude, SCALE), "crs": crs}

    def text(self, stored: Any, config: LocationConfig, locale: str) -> str:
        return str(stored.get("address", ""))

    def print_text(self, stored: Any, config: LocationConfig, locale: str, names: Glossary = NO_NAMES) -> str:
        place = f"{stored['lat']}, {stored['lon']}"
        if "accuracy" in stored:
            place += f" (±{Decimal(stored['accuracy']):.0f} m)"
        return f"{stored['address']} ({place})" if "address" in stored else place

    def export_cell(self, stored: Any, config: LocationConfig, locale: str, names: Glossary = NO_NAMES) -> ExportCell:
        return ExportCell(f"{stored['lat']}, {stored['lon']}", "@")

    def value_schema(self, config: LocationConfig) -> Schema:
        degrees = {"type": "string", "pattern": f"^-?[0-9]{{1,3}}\\.[0-9]{{{SCALE}}}$"}
        return {
            "type": "object",
            "required": ["lat", "lon", "crs"],
            "additionalProperties": False,
            "properties": {
                "lat": degrees,
                "lon": degrees,
                "crs": {"enum": list(SYSTEMS)},
                "accuracy": {"type": "string", "pattern": "^[0-9]+\\.[0-9]$"},
                "address": {"type": "string", "minLength": 1, "maxLength": 200},
            },
        }

    def coercer(self, config: LocationConfig, hints: CoerceHints = NO_HINTS) -> Coercer:
        return _coerce

    def client_config(self, config: LocationConfig, locale: str) -> dict[str, Any]:
        worst = {"max_accuracy": config.worst} if config.worst is not None else {}
        return {"capture": "only" if config.only_captured else "allow", **worst}


def _coerce(raw: object) -> Coerced | Refused:
    """`31.2304, 121.4737` (latitude first, as maps have it; a first figure past 90 is a longitude), `N31.2 E121.4`."""
    if is_blank(raw):
        return Coerced(None)
    found = _PAIR.fullmatch(folded(raw).casefold()) if isinstance(raw, str) and len(raw) <= 100 else None
    if found is None:
        return refuse("not_a_location")
    lat, lon = Decimal(found[2]), Decimal(found[5])
    if abs(lat) > 90 >= abs(lon):
        lat, lon = lon, lat
    lat = -lat if "s" in (found[1], found[3]) else lat
    lon = -lon if "w" in (found[4], found[6]) else lon
    told = {"lat": rounded(lat, SCALE), "lon": rounded(lon, SCALE), "crs": "wgs84"}
    return Coerced({key: canonical_decimal(each, SCALE) if key != "crs" else each for key, each in told.items()})
