/** Places on the globe. Mirrors `functions/place.py`. */
import { HALF_AWAY, roundTo } from '../numbers';
import { define, type FunctionDef } from '../signature';
import { Decimal, type Place, VALUE, type Value } from '../values';

const EARTH_RADIUS_M = 6_371_008.8;

/** Metres along the great circle (haversine, mean radius), to the centimetre: beyond it doubles may differ. */
function distance(start: Place, end: Place): Value {
  if (start.crs !== end.crs) return VALUE;
  const south = radians(start.latitude.toNumber());
  const north = radians(end.latitude.toNumber());
  const east = radians(end.longitude.toNumber() - start.longitude.toNumber());
  const half = Math.sin((north - south) / 2) ** 2 + Math.cos(south) * Math.cos(north) * Math.sin(east / 2) ** 2;
  const metres = 2 * EARTH_RADIUS_M * Math.asin(Math.min(1, Math.sqrt(half)));
  return roundTo(new Decimal(metres), 2, HALF_AWAY);
}

function radians(degrees: number): number {
  return degrees * (Math.PI / 180);
}

export const place: readonly FunctionDef[] = [define('DISTANCE', 'location location -> number', distance)];
