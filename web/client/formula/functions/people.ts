/** Who asks, and who stands above whom. Mirrors `functions/people.py`. */
import type { Context } from '../env';
import { ONE, whole } from '../numbers';
import { withContext, type FunctionDef } from '../signature';
import { type Decimal, NUM, type Person, type Value } from '../values';

function manager({ organisation }: Context, person: Person, level: Decimal = ONE): Value {
  if (level.lt(1)) return NUM;
  return organisation?.manager(person, whole(level)) ?? null;
}

export const people: readonly FunctionDef[] = [
  withContext('ME', '-> person', ({ me }: Context) => me),
  withContext('INITIATOR', '-> person', ({ initiator }: Context) => initiator),
  withContext('HASROLE', 'text -> logical', ({ roles }: Context, role: string) => roles.has(role)),
  withContext('MANAGER', 'person number? -> person', manager),
  withContext('DEPARTMENT', 'person -> text', ({ organisation }: Context, person: Person) => organisation?.department(person) ?? null),
];
