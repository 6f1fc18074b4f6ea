import type { BuildProgress } from '../../engine/build/progress.ts';
import { newSha256 } from '../../oci/sha256.ts';

/** The numbers that BuildKit gives to the two streams. */
const STREAMS = { stdout: 1, stderr: 2 } as const;

/** Tells of a build as BuildKit's `rawjson`: one object on each line, with what has changed of vertexes, statuses and logs. */
export function jsonBuildProgress(print: (text: string) => void): BuildProgress {
  const vertexes = new Map<number, { digest: string; name: string; started: string }>();
  const say = (status: object): void => print(`${JSON.stringify(status)}\n`);
  const digestOf = (number: number): string => vertexes.get(number)?.digest ?? '';
  const now = (): string => new Date().toISOString();
  return {
    begin(number, { name }) {
      const digest = `sha256:${newSha256().update(`${number} ${name}`).digest('hex')}`;
      const vertex = { digest, name, started: now() };
      vertexes.set(number, vertex);
      say({ vertexes: [vertex] });
    },
    output(number, bytes, stream) {
      const data = Buffer.from(bytes).toString('base64');
      say({ logs: [{ vertex: digestOf(number), stream: STREAMS[stream], data, timestamp: now() }] });
    },
    note(number, line) {
      const time = now();
      say({ statuses: [{ id: line, vertex: digestOf(number), timestamp: time, started: time }] });
    },
    miss(number, why) {
      const time = now();
      say({
        statuses: [{ id: `not cached: ${why}`, vertex: digestOf(number), timestamp: time, started: time }],
      });
    },
    end(number, end) {
      const vertex = vertexes.get(number);
      if (vertex === undefined) return;
      const more = {
        ...(end.kind === 'cached' ? { cached: true } : {}),
        ...(end.kind === 'failed' ? { error: end.message } : {}),
        ...(end.kind === 'cancelled' ? { error: 'context canceled' } : {}),
      };
      say({ vertexes: [{ ...vertex, completed: now(), ...more }] });
    },
    warn: (sentence) => say({ warnings: [{ level: 1, short: Buffer.from(sentence).toString('base64') }] }),
  };
}
