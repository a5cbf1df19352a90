/** Places on the globe. Mirrors `functions/place.py`. */
import { HALF_AWAY, roundTo } from '../numbers';
import { define, type FunctionDef } from '../signature';
import { Decimal, NUM, Place, VALUE, type Value } from '../values';

const EARTH_RADIUS_M = 6_371_008.8;
const WGS84 = 'WGS-84';
const GCJ02 = 'GCJ-02';
/** Of the ellipsoid on which GCJ-02 is defined. */
const AXIS_M = 6_378_245.0;
const FLATNESS = 0.006_693_421_622_965_943;
/** Each takes the way back from GCJ-02 a thousand times nearer; two would do for maps. */
const ROUNDS = 12;

/**
 * Metres along the great circle (haversine, mean radius). Four decimals, so that whoever rounds to metres does not
 * round 109.4951 twice; beyond them doubles may differ.
 */
function distance(start: Place, end: Place): Value {
  if (start.crs !== end.crs) return VALUE;
  const south = radians(start.latitude.toNumber());
  const north = radians(end.latitude.toNumber());
  const east = radians(end.longitude.toNumber() - start.longitude.toNumber());
  const half = Math.sin((north - south) / 2) ** 2 + Math.cos(south) * Math.cos(north) * Math.sin(east / 2) ** 2;
  const metres = 2 * EARTH_RADIUS_M * Math.asin(Math.min(1, Math.sqrt(half)));
  return roundTo(new Decimal(metres), 4, HALF_AWAY);
}

function radians(degrees: number): number {
  return degrees * (Math.PI / 180);
}

/** A place from two numbers; `system` is WGS-84 or GCJ-02, with or without its hyphen. Blank where a number is. */
function placeOf(latitude: Value, longitude: Value, system = WGS84): Value {
  const crs = { WGS84, GCJ02 }[system.toUpperCase().replaceAll('-', '')];
  if (latitude === null || longitude === null) return null;
  if (crs === undefined || !(latitude instanceof Decimal) || !(longitude instanceof Decimal)) return VALUE;
  if (latitude.abs().gt(90) || longitude.abs().gt(180)) return NUM;
  return new Place(latitude, longitude, crs);
}

/** The place as Chinese maps have it, to six decimals. Outside of the rectangle around China both are the same. */
function gcj02(given: Place): Value {
  if (given.crs === GCJ02) return given;
  const [latitude, longitude] = shifted(given.latitude.toNumber(), given.longitude.toNumber());
  return new Place(degrees(latitude), degrees(longitude), GCJ02, given.accuracy);
}

/** The place as devices give it, to six decimals: what, shifted, gives this one. */
function wgs84(given: Place): Value {
  if (given.crs === WGS84) return given;
  const there = [given.latitude.toNumber(), given.longitude.toNumber()] as const;
  let [latitude, longitude]: readonly [number, number] = there;
  for (let round = 0; round < ROUNDS; round += 1) {
    const [south, east] = shifted(latitude, longitude);
    [latitude, longitude] = [latitude - (south - there[0]), longitude - (east - there[1])];
  }
  return new Place(degrees(latitude), degrees(longitude), WGS84, given.accuracy);
}

function degrees(value: number): Decimal {
  return roundTo(new Decimal(value), 6, HALF_AWAY);
}

/** The published approximation of the shift, exact to some centimetres. */
function shifted(latitude: number, longitude: number): [number, number] {
  if (!(latitude >= 0.8293 && latitude <= 55.8271 && longitude >= 72.004 && longitude <= 137.8347)) {
    return [latitude, longitude];
  }
  const { PI, sin, cos, sqrt, abs } = Math;
  const x = longitude - 105;
  const y = latitude - 35;
  const both = ((20 * sin(6 * x * PI) + 20 * sin(2 * x * PI)) * 2) / 3;
  let north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * sqrt(abs(x)) + both;
  north += ((20 * sin(y * PI) + 40 * sin((y / 3) * PI)) * 2) / 3;
  north += ((160 * sin((y / 12) * PI) + 320 * sin((y * PI) / 30)) * 2) / 3;
  let east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * sqrt(abs(x)) + both;
  east += ((20 * sin(x * PI) + 40 * sin((x / 3) * PI)) * 2) / 3;
  east += ((150 * sin((x / 12) * PI) + 300 * sin((x / 30) * PI)) * 2) / 3;
  const bend = 1 - FLATNESS * sin(radians(latitude)) ** 2;
  const metresNorth = ((AXIS_M * (1 - FLATNESS)) / (bend * sqrt(bend)) / 180) * PI;
  const metresEast = ((AXIS_M / sqrt(bend)) * cos(radians(latitude)) * PI) / 180;
  return [latitude + north / metresNorth, longitude + east / metresEast];
}

export const place: readonly FunctionDef[] = [
  define('DISTANCE', 'location location -> number', distance),
  define('PLACE', 'any any text? -> location', placeOf),
  // How sure the device was, in metres; blank where none said so.
  define('ACCURACY', 'location -> number', (given: Place) => given.accuracy),
  define('GCJ02', 'location -> location', gcj02),
  define('WGS84', 'location -> location', wgs84),
];
