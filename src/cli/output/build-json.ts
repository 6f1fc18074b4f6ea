import { newSha256 } from '../../oci/sha256.ts';
import type { BuildDisplay } from './shown-build.ts';

/** The numbers that BuildKit gives to the two streams. */
const STREAMS = { stdout: 1, stderr: 2 } as const;

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

/**
 * Tells of a build as BuildKit's `rawjson`: one object on each line, with what has changed of vertexes, statuses and logs, and
 * warnings. Texts of programs and of the file are in base64, as Go writes bytes.
 */
export function jsonBuildProgress(print: (text: string) => void): BuildDisplay {
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
    note(number, line, amount) {
      const { id, current, total } = amount ?? { id: line, current: 0, total: 0 };
      const time = now();
      const isDone = line.endsWith(' done');
      const status = {
        id,
        vertex: digestOf(number),
        ...(total > 0 ? { total } : {}),
        current,
        timestamp: time,
      };
      say({ statuses: [{ ...status, started: time, ...(isDone ? { completed: time } : {}) }] });
    },
    miss(number, why) {
      this.note(number, `not cached: ${why}`);
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
    warn: (sentence) => say({ warnings: [{ level: 1, short: base64(sentence) }] }),
    findings({ file, findings }) {
      const [vertex = ''] = [...vertexes.values()].map(({ digest }) => digest);
      const warnings = findings
        .filter(({ url }) => url !== undefined)
        .map(({ rule, detail, description, url, lines: [first, last] }) => ({
          vertex,
          level: 1,
          short: base64(`${rule}: ${detail} (line ${first})`),
          detail: [base64(description)],
          url,
          sourceInfo: { filename: file.name, data: base64(file.text), language: 'Dockerfile' },
          range: [{ start: { line: first }, end: { line: last } }],
        }));
      if (warnings.length > 0) say({ warnings });
    },
    close() {},
  };
}
