import { EngineError } from '../../errors.ts';

/**
 * Why a snapshot was made: somebody asked for it, before a start, or before an undo. Of the last two kinds a container keeps
 * a few; what was asked for stays until it is removed.
 */
export type SnapshotKind = 'asked' | 'start' | 'undo';

/** A snapshot as lists show it. */
export interface SnapshotInfo {
  container: { id: string; name: string };
  name: string;
  kind: SnapshotKind;
  /** ms since the epoch. */
  createdAt: number;
  /** Bytes that its files take on the disk and share with nothing else. */
  bytes: number;
}

/** Snapshots before starts that are kept unless somebody says how many. */
export const STARTS_KEPT = 3;

/** Snapshots before undoes that are kept: whoever goes back several times finds where it began. */
export const UNDOES_KEPT = 3;

/** A container, and one of its snapshots when it is named: `CONTAINER[@NAME]`. No name of a container has an @. */
export interface SnapshotTarget {
  container: string;
  snapshot?: string | undefined;
}

/** Reads `CONTAINER[@NAME]`. Throws `invalid` when nothing stands before or after the @. */
export function parseSnapshotTarget(text: string): SnapshotTarget {
  const at = text.indexOf('@');
  if (at < 0) return { container: text };
  const [container, snapshot] = [text.slice(0, at), text.slice(at + 1)];
  if (container !== '' && snapshot !== '') return { container, snapshot };
  throw new EngineError('invalid', `"${text}" is no snapshot`, {
    subject: text,
    remedy: 'write CONTAINER@NAME: skiff snapshot ls shows them',
  });
}

/** The rule of containers' names: at least two characters. */
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;

/** A file system has 255 bytes for a name. */
const LONGEST = 255;

/** Throws `invalid` for what cannot be a snapshot's name. */
export function checkSnapshotName(name: string): void {
  if (NAME.test(name) && name.length <= LONGEST) return;
  throw new EngineError('invalid', `"${name}" cannot be a snapshot's name`, {
    subject: name,
    hint: `two to ${LONGEST} of letters, digits, _ . and -, beginning with a letter or digit`,
  });
}

const PREFIXES: Readonly<Record<SnapshotKind, string>> = {
  asked: '',
  start: 'before-start-',
  undo: 'before-undo-',
};

/** A name by the time (ms since the epoch, in UTC), with a number behind it when that is taken: `2026-01-02T15.04.05Z-2`. */
export function nameByTime(kind: SnapshotKind, time: number, isTaken: (name: string) => boolean): string {
  const second = new Date(time).toISOString().slice(0, 19).replaceAll(':', '.');
  const name = `${PREFIXES[kind]}${second}Z`;
  if (!isTaken(name)) return name;
  for (let number = 2; ; number += 1) if (!isTaken(`${name}-${number}`)) return `${name}-${number}`;
}
