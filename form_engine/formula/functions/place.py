"""Places on the globe."""

from __future__ import annotations

from decimal import Decimal
from math import asin, cos, radians, sin, sqrt

from ..numbers import HALF_AWAY, round_to
from ..signature import Function
from ..values import VALUE, LocationValue, Value

_EARTH_RADIUS_M = 6_371_008.8


def _distance(start: LocationValue, end: LocationValue) -> Value:
    """Metres along the great circle (haversine, mean radius), to the centimetre: beyond it doubles may differ."""
    if start.crs != end.crs:
        return VALUE
    south, north = radians(float(start.latitude)), radians(float(end.latitude))
    east = radians(float(end.longitude) - float(start.longitude))
    half = sin((north - south) / 2) ** 2 + cos(south) * cos(north) * sin(east / 2) ** 2
    metres = 2 * _EARTH_RADIUS_M * asin(min(1.0, sqrt(half)))
    return round_to(Decimal(repr(metres)), 2, HALF_AWAY)


FUNCTIONS = (Function("DISTANCE", "location location -> number", _distance),)
