/** What types have in common whose value is a list of distinct things. */
import type { FieldModel, Json } from '../form/model';
import type { Finding } from './kind';

export function listOf(json: Json): readonly Json[] {
  return Array.isArray(json) ? json : [];
}

/** Too few, too many, the same one twice. */
export function countFinding(json: readonly Json[], { config }: FieldModel): Finding | null {
  if (new Set(json).size < json.length) return { code: 'duplicate' };
  if (config?.min && json.length < Number(config.min)) return { code: 'too_few', params: { min: config.min } };
  if (config?.max && json.length > Number(config.max)) return { code: 'too_many', params: { max: config.max } };
  return null;
}

/** A list of ids: whole numbers from one up. */
export function idsFinding(json: Json, field: FieldModel, code: string): Finding | null {
  if (!Array.isArray(json)) return { code: 'not_a_list' };
  if (json.some((id) => !isId(id))) return { code };
  return countFinding(json, field);
}

export function isId(json: Json): json is number {
  return typeof json === 'number' && Number.isSafeInteger(json) && json > 0;
}
