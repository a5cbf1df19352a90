"""Places for maps outside: as devices say them."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Any
from urllib.parse import quote

from form_engine.fields.location import SYSTEMS
from form_engine.formula import LocationValue
from form_engine.formula.functions.place import wgs84


def device_place(value: Any) -> str:
    """A place of a record in WGS-84 (`31.230400,121.473700`), however it is written; empty for what is none."""
    if not isinstance(value, Mapping) or "lat" not in value or "lon" not in value:
        return ""
    crs = SYSTEMS.get(str(value.get("crs", "wgs84")), "WGS-84")
    found = wgs84(LocationValue(Decimal(str(value["lat"])), Decimal(str(value["lon"])), crs))
    return f"{found.latitude:f},{found.longitude:f}" if isinstance(found, LocationValue) else ""


def map_link(place: str, title: str = "") -> str:
    """What opens the map of a phone there (RFC 5870), with a pin that is called so."""
    pin = f"{place}({quote(title)})" if title else place
    return f"geo:{place}?q={pin}" if place else ""
