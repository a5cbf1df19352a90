"""Places on the globe."""

from __future__ import annotations

from decimal import Decimal
from math import asin, cos, pi, radians, sin, sqrt

from ..numbers import HALF_AWAY, round_to
from ..signature import Function
from ..values import NUM, VALUE, LocationValue, Value

_EARTH_RADIUS_M = 6_371_008.8
_WGS84, _GCJ02 = "WGS-84", "GCJ-02"
_AXIS_M, _FLATNESS = 6_378_245.0, 0.006_693_421_622_965_943  # of the ellipsoid on which GCJ-02 is defined
_ROUNDS = 12
"""Each takes the way back from GCJ-02 a thousand times nearer; two would do for maps."""


def _distance(start: LocationValue, end: LocationValue) -> Value:
    """Metres along the great circle (haversine, mean radius). Four decimals, so that whoever rounds to metres does not
    round 109.4951 twice; beyond them doubles may differ."""
    if start.crs != end.crs:
        return VALUE
    south, north = radians(float(start.latitude)), radians(float(end.latitude))
    east = radians(float(end.longitude) - float(start.longitude))
    half = sin((north - south) / 2) ** 2 + cos(south) * cos(north) * sin(east / 2) ** 2
    metres = 2 * _EARTH_RADIUS_M * asin(min(1.0, sqrt(half)))
    return round_to(Decimal(repr(metres)), 4, HALF_AWAY)


def _place(latitude: Value, longitude: Value, system: str = _WGS84) -> Value:
    """A place from two numbers; `system` is WGS-84 or GCJ-02, with or without its hyphen. Blank where a number is."""
    crs = {"WGS84": _WGS84, "GCJ02": _GCJ02}.get(system.upper().replace("-", ""))
    if latitude is None or longitude is None:
        return None
    if crs is None or not isinstance(latitude, Decimal) or not isinstance(longitude, Decimal):
        return VALUE
    if abs(latitude) > 90 or abs(longitude) > 180:
        return NUM
    return LocationValue(latitude, longitude, crs)


def _accuracy(place: LocationValue) -> Value:
    """How sure the device was, in metres; blank where none said so."""
    return place.accuracy


def _gcj02(place: LocationValue) -> Value:
    """The place as Chinese maps have it, to six decimals. Outside of the rectangle around China both are the same."""
    if place.crs == _GCJ02:
        return place
    latitude, longitude = _shifted(float(place.latitude), float(place.longitude))
    return LocationValue(_degrees(latitude), _degrees(longitude), _GCJ02, place.accuracy)


def wgs84(place: LocationValue) -> Value:
    """The place as devices give it, to six decimals: what, shifted, gives this one."""
    if place.crs == _WGS84:
        return place
    there = float(place.latitude), float(place.longitude)
    latitude, longitude = there
    for _ in range(_ROUNDS):
        south, east = _shifted(latitude, longitude)
        latitude, longitude = latitude - (south - there[0]), longitude - (east - there[1])
    return LocationValue(_degrees(latitude), _degrees(longitude), _WGS84, place.accuracy)


def _degrees(value: float) -> Decimal:
    return round_to(Decimal(repr(value)), 6, HALF_AWAY)


def _shifted(latitude: float, longitude: float) -> tuple[float, float]:
    """The published approximation of the shift, exact to some centimetres."""
    if not (0.8293 <= latitude <= 55.8271 and 72.004 <= longitude <= 137.8347):
        return latitude, longitude
    x, y = longitude - 105.0, latitude - 35.0
    both = (20 * sin(6 * x * pi) + 20 * sin(2 * x * pi)) * 2 / 3
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x)) + both
    north += (20 * sin(y * pi) + 40 * sin(y / 3 * pi)) * 2 / 3
    north += (160 * sin(y / 12 * pi) + 320 * sin(y * pi / 30)) * 2 / 3
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x)) + both
    east += (20 * sin(x * pi) + 40 * sin(x / 3 * pi)) * 2 / 3
    east += (150 * sin(x / 12 * pi) + 300 * sin(x / 30 * pi)) * 2 / 3
    bend = 1 - _FLATNESS * sin(radians(latitude)) ** 2
    metres_north = _AXIS_M * (1 - _FLATNESS) / (bend * sqrt(bend)) * pi / 180
    metres_east = _AXIS_M / sqrt(bend) * cos(radians(latitude)) * pi / 180
    return latitude + north / metres_north, longitude + east / metres_east


FUNCTIONS = (
    Function("DISTANCE", "location location -> number", _distance),
    Function("PLACE", "any any text? -> location", _place),
    Function("ACCURACY", "location -> number", _accuracy),
    Function("GCJ02", "location -> location", _gcj02),
    Function("WGS84", "location -> location", wgs84),
)
