/** What a formula may see while it runs. Mirrors `form_engine/formula/env.py`. */
import { Day, Moment, type Person, RecordValue } from './values';

/** `weekend` counts 0 as Monday; `daysOff` and `workdays` (make-up days, which win) hold `Day.days`. */
export interface Calendar {
  readonly weekend: ReadonlySet<number>;
  readonly daysOff: ReadonlySet<number>;
  readonly workdays: ReadonlySet<number>;
}

export interface Organisation {
  manager(person: Person, level: number): Person | null;
  department(person: Person): string | null;
}

/** `zone` is the workspace's IANA time zone, in which HOUR, TEXT and the like read a moment. */
export interface Context {
  readonly me: Person | null;
  readonly initiator: Person | null;
  readonly today: Day;
  readonly now: Moment;
  readonly roles: ReadonlySet<string>;
  readonly calendar: Calendar | null;
  readonly organisation: Organisation | null;
  readonly zone: string;
}

export const NO_CONTEXT: Context = {
  me: null,
  initiator: null,
  today: new Day(0),
  now: new Moment(0),
  roles: new Set(),
  calendar: null,
  organisation: null,
  zone: 'UTC',
};

export interface Env {
  readonly own: RecordValue;
  readonly row?: RecordValue | null;
  readonly target?: RecordValue | null;
  readonly context: Context;
}
