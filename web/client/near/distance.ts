/** How far it is, as the formula DISTANCE has it; both places as devices say them (WGS-84). */
import { locale } from '../i18n';

export interface Spot {
  readonly lat: number;
  readonly lon: number;
}

const EARTH_M = 6_371_008.8;
const radians = (degrees: number): number => (degrees * Math.PI) / 180;

/** `31.23,121.47`; null for what is no place. */
export function spotOf(text: string | undefined): Spot | null {
  const [lat, lon] = (text ?? '').split(',').map(Number);
  return text && Number.isFinite(lat) && Number.isFinite(lon) ? { lat: lat as number, lon: lon as number } : null;
}

/** Metres along the great circle. */
export function metres(from: Spot, to: Spot): number {
  const south = radians(from.lat);
  const north = radians(to.lat);
  const half = Math.sin((north - south) / 2) ** 2 + Math.cos(south) * Math.cos(north) * Math.sin(radians(to.lon - from.lon) / 2) ** 2;
  return 2 * EARTH_M * Math.asin(Math.min(1, Math.sqrt(half)));
}

/** Metres by tens below a kilometre, then kilometres with one decimal up to a hundred. */
export function inWords(far: number): string {
  const [unit, value, digits] = far < 995 ? ['meter', Math.round(far / 10) * 10, 0] : ['kilometer', far / 1000, far < 99_950 ? 1 : 0];
  return new Intl.NumberFormat(locale(), { style: 'unit', unit, maximumFractionDigits: digits, minimumFractionDigits: digits }).format(value);
}
