import { EngineError } from '../../errors.ts';
import { isMissing } from '../../host/missing.ts';
import { linesOfProgram } from '../../host/run-program.ts';
import type { ContainerRow } from '../store/containers.ts';
import { type LogEntry, type LogRequest, timeOfNanoseconds } from './entry.ts';

/** A field of journalctl's JSON: text, or the bytes of what is not UTF-8. */
type Field = string | number[] | undefined;

/** Fields of the driver and of the journal itself; the others are what the user chose. */
const OWN_FIELDS = /^(_|CONTAINER_|IMAGE_NAME$|SYSLOG_|PRIORITY$|MESSAGE$)/;

/**
 * Reads by journalctl what a container has written to the journal of the host. With `follow` it goes on until the
 * promise resolves. Throws `unsupported` where there is no journalctl.
 */
export async function* readJournal(
  row: ContainerRow,
  { follow, since, until, tail, signal }: LogRequest,
  ended: Promise<void>,
): AsyncGenerator<LogEntry[]> {
  const args = [
    ...['--quiet', '--no-pager', '--output=json', '--all', `CONTAINER_ID_FULL=${row.id}`],
    ...(since === undefined ? [] : [`--since=@${microseconds(since)}`]),
    ...(until === undefined ? [] : [`--until=@${microseconds(until)}`]),
    ...(tail === undefined ? ['--lines=all'] : [`--lines=${tail}`]),
    ...(follow ? ['--follow'] : []),
  ];
  const enough = new AbortController();
  const stop = AbortSignal.any([enough.signal, ...(signal === undefined ? [] : [signal])]);
  if (follow) void ended.then(() => enough.abort());
  try {
    for await (const line of linesOfProgram('journalctl', args, stop)) yield [entryOf(line)];
  } catch (error) {
    if (isMissing(error)) throw unreadable(row);
    throw error;
  } finally {
    enough.abort();
  }
}

function microseconds(ns: bigint): string {
  return `${ns / 1_000_000_000n}.${String((ns % 1_000_000_000n) / 1000n).padStart(6, '0')}`;
}

function entryOf(line: string): LogEntry {
  const fields = JSON.parse(line) as Record<string, Field>;
  const text = (name: string): string => textOf(fields[name]);
  const partial = text('CONTAINER_PARTIAL_MESSAGE') === 'true';
  const attributes = Object.keys(fields).filter((name) => !OWN_FIELDS.test(name));
  return {
    stream: text('PRIORITY') === '3' ? 'stderr' : 'stdout',
    time: text('SYSLOG_TIMESTAMP') || timeOfNanoseconds(BigInt(text('__REALTIME_TIMESTAMP')) * 1000n),
    text: `${text('MESSAGE')}${partial ? '' : '\n'}`,
    attributes: Object.fromEntries(attributes.map((name) => [name, text(name)])),
  };
}

function textOf(field: Field): string {
  return Array.isArray(field) ? Buffer.from(field).toString('utf8') : (field ?? '');
}

function unreadable(row: ContainerRow): EngineError {
  return new EngineError(
    'unsupported',
    `the log of container ${row.name} is in the journal, which journalctl reads: there is none here`,
    { subject: row.name },
  );
}
