/** What number, money and percent share. Bounds are text decimals, inclusive. */
import { canonical, isDecimal } from '../form/decimal';
import type { FieldModel, Json } from '../form/model';
import { Decimal } from '../formula/values';
import type { Finding } from './kind';

/** Why text is no number of this field; `scale` counts the record's decimals, `told` those that people see. */
export function checkDecimal(json: Json, { config }: FieldModel, scale: number, told = scale): Finding | null {
  if (!isDecimal(String(json)) || (typeof json === 'number' && !Number.isInteger(json))) return { code: 'not_a_decimal' };
  const reading = canonical(String(json), scale);
  if ('code' in reading) return { code: reading.code, params: { decimals: told } };
  const value = new Decimal(reading.text);
  if (isBound(config?.min) && value.lt(config.min)) return { code: 'below_min', params: { min: config.min } };
  if (isBound(config?.max) && value.gt(config.max)) return { code: 'above_max', params: { max: config.max } };
  return null;
}

function isBound(bound: string | number | null | undefined): bound is string | number {
  return bound !== null && bound !== undefined;
}
