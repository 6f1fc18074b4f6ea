/** An entry of a container's log: a line with its newline, or a part of a very long one. */
export interface LogEntry {
  stream: 'stdout' | 'stderr';
  /** RFC 3339 in UTC, with up to nine digits of the second's fraction. */
  time: string;
  text: string;
  /** The labels, variables and tag that the driver was told to add. */
  attributes: Readonly<Record<string, string>>;
}

/** The entries that are wanted. Times in ns since the epoch. */
export interface LogSelection {
  /** Inclusive. */
  since?: bigint | undefined;
  /** Inclusive. */
  until?: bigint | undefined;
  /** The number of entries to begin with: only the last ones of those that are there already. */
  tail?: number | undefined;
}

/** A request for the entries of a container's log. */
export interface LogRequest extends LogSelection {
  /** Goes on until the container has ended and is not started again, or `until` has passed. */
  follow: boolean;
  signal?: AbortSignal | undefined;
}

/** A line of Docker's json-file format: `{"log":"…\n","stream":"stdout","time":"…"}`; none when a power cut tore it. */
export function parseEntry(line: string): LogEntry | undefined {
  try {
    const { log, stream, time, attrs } = JSON.parse(line) as {
      log: string;
      stream: 'stdout' | 'stderr';
      time: string;
      attrs?: Record<string, string>;
    };
    return { stream, time, text: log, attributes: attrs ?? NO_ATTRIBUTES };
  } catch {
    return undefined;
  }
}

const NO_ATTRIBUTES = {};

/**
 * Writes a time with nine digits after the second: `2026-01-02T03:04:05.060000000Z`. Such times are in the order of
 * their texts.
 */
export function fixedTime(time: string): string {
  const digits = time.endsWith('Z') ? time.slice(0, -1) : time;
  return `${(digits.includes('.') ? digits : `${digits}.`).padEnd(29, '0')}Z`;
}

/** Writes a number of ns since the epoch with nine digits of the second's fraction, so that texts compare as times do. */
export function timeOfNanoseconds(ns: bigint): string {
  const seconds = new Date(Number(ns / 1_000_000_000n) * 1000).toISOString().slice(0, 19);
  return `${seconds}.${String(ns % 1_000_000_000n).padStart(9, '0')}Z`;
}

/** Chooses entries by their time. */
export class LogFilter {
  readonly #since: string | undefined;
  readonly #until: string | undefined;
  /** Whether an entry was too late: no more of them come. */
  over = false;

  constructor({ since, until }: LogSelection) {
    this.#since = since === undefined || since < 0n ? undefined : timeOfNanoseconds(since);
    this.#until = until === undefined ? undefined : timeOfNanoseconds(until < 0n ? 0n : until);
  }

  choose(lines: readonly string[]): LogEntry[] {
    const entries: LogEntry[] = [];
    for (const line of lines) {
      const entry = parseEntry(line);
      if (entry === undefined) continue;
      if (this.#isWanted(fixedTime(entry.time))) entries.push(entry);
      if (this.over) break;
    }
    return entries;
  }

  #isWanted(time: string): boolean {
    this.over = this.#until !== undefined && time > this.#until;
    return !this.over && (this.#since === undefined || time >= this.#since);
  }
}
