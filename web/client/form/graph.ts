/**
 * What hangs on what: cells that remember their value until something they read has changed.
 * A cell is worked out when it is read, and only then; a circle reads `#REF!`.
 */
import { REF, type Value } from '../formula/values';

/** Something that can be read. */
export interface Readable<T> {
  get(): T;
}

/** What never changes needs no cell. */
export function constant<T>(value: T): Readable<T> {
  return { get: () => value };
}

export class Cell<T> implements Readable<T> {
  private state: 'stale' | 'working' | 'fresh' = 'stale';
  private held: T | undefined;
  // Made when first needed: most of a long table's cells have few.
  private reads: Set<Cell<unknown>> | null = null;
  private readers: Set<Cell<unknown>> | null = null;
  /** Something that this page does not have was asked for, here or below. */
  missed = false;

  constructor(
    private readonly graph: Graph,
    private work: () => T,
  ) {}

  get(): T {
    const { graph } = this;
    const reader = graph.reader;
    if (reader) {
      (reader.reads ??= new Set()).add(this as Cell<unknown>);
      (this.readers ??= new Set()).add(reader);
    }
    if (this.state === 'working') return REF as T & Value;
    if (this.state === 'stale') {
      for (const each of this.reads ?? []) each.readers?.delete(this as Cell<unknown>);
      this.reads?.clear();
      this.missed = false;
      this.state = 'working';
      graph.reader = this as Cell<unknown>;
      graph.worked += 1;
      try {
        this.held = this.work();
      } finally {
        graph.reader = reader;
        this.state = 'fresh';
      }
    }
    if (this.missed && reader) reader.missed = true;
    return this.held as T;
  }

  /** From now on worked out like this. */
  become(work: () => T): void {
    this.work = work;
    this.spoil();
  }

  /** Forgets its value, and so does everything that read it. */
  spoil(): void {
    const waiting: Cell<unknown>[] = [this as Cell<unknown>];
    for (let cell = waiting.pop(); cell; cell = waiting.pop()) {
      if (cell.state === 'stale') continue;
      cell.state = 'stale';
      if (cell.readers) waiting.push(...cell.readers);
    }
  }
}

export class Graph {
  /** Who is being worked out now. */
  reader: Cell<unknown> | null = null;
  /** How many times anything was worked out; tests count it. */
  worked = 0;

  cell<T>(work: () => T): Cell<T> {
    return new Cell(this, work);
  }

  /** Told by what could not find something. */
  miss(): void {
    if (this.reader) this.reader.missed = true;
  }
}
