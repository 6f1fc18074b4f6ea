import type { Engine } from '../../engine/engine.ts';
import type { LogEntry } from '../../engine/logs/read.ts';
import type { StreamName } from '../../engine/options/client.ts';
import { EngineError } from '../../errors.ts';
import { moment } from '../../grammar/moment.ts';
import type { Call } from '../http/call.ts';
import { frame, MULTIPLEXED_SINCE, MULTIPLEXED_STREAM, RAW_STREAM } from '../http/frames.ts';

/** ContainerLogs. The head comes at once, the entries as they are there, framed unless the container has a terminal. */
export async function containerLogs(call: Call): Promise<void> {
  const { engine, path, query, reply, signal, version } = call;
  const streams = (['stdout', 'stderr'] as const).filter((stream) => query.flag(stream));
  if (streams.length === 0)
    throw new EngineError('invalid', 'Bad parameters: you must choose at least one stream', {
      hint: 'ask with stdout=1 or stderr=1',
    });
  const { row } = await engine.containers.get(path.name ?? '');
  const framed = row.options.process.terminal !== true;
  const request = {
    framed,
    streams,
    follow: query.flag('follow'),
    timestamps: query.flag('timestamps'),
    details: query.flag('details'),
    since: timeOf('since', query.text('since')),
    until: timeOf('until', query.text('until')),
    tail: tailOf(query.text('tail')),
    signal,
  };
  const entries = await engine.containers.logs(row.id, request);
  const stream = reply.stream(framed && version >= MULTIPLEXED_SINCE ? MULTIPLEXED_STREAM : RAW_STREAM);
  await writeEntries(entries, request, (bytes) => stream.write(bytes));
  stream.end();
}

/** Which entries are written, and how. */
export interface LogWriting {
  framed: boolean;
  streams: readonly StreamName[];
  follow: boolean;
  timestamps?: boolean;
  details?: boolean;
  since?: bigint | undefined;
  until?: bigint | undefined;
  tail?: number | undefined;
  signal: AbortSignal;
}

/** Writes what a container has written before, as `logs` has it. */
export async function writeLogs(
  engine: Engine,
  id: string,
  request: LogWriting,
  write: (bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  await writeEntries(await engine.containers.logs(id, request), request, write);
}

async function writeEntries(
  entries: AsyncGenerator<LogEntry[]>,
  request: LogWriting,
  write: (bytes: Uint8Array) => Promise<void>,
): Promise<void> {
  for await (const several of entries) {
    const wanted = several.filter(({ stream }) => request.streams.includes(stream));
    if (wanted.length > 0) await write(Buffer.concat(wanted.map((entry) => lineOf(entry, request))));
    if (request.signal.aborted) return;
  }
}

function lineOf({ stream, time, text, attributes }: LogEntry, request: LogWriting): Uint8Array {
  const details = Object.entries(attributes).map(
    ([key, value]) => `${encodeURIComponent(key)}=${encodeURIComponent(value)}`,
  );
  const before = [
    ...(request.timestamps === true ? [time] : []),
    ...(request.details === true ? [details.sort().join(',')] : []),
  ];
  const bytes = Buffer.from([...before, text].join(' '));
  return request.framed ? frame({ stream, bytes }) : bytes;
}

/** Seconds since the epoch, with a fraction, or a time as text; `0` is none. */
function timeOf(name: string, text: string | undefined): bigint | undefined {
  return text === undefined || text === '0' ? undefined : moment(name)(text);
}

function tailOf(text: string | undefined): number | undefined {
  return text !== undefined && /^\+?\d{1,15}$/.test(text) ? Number(text) : undefined;
}
