import { describe, expect, it } from 'vitest';
import { BuildTrace } from '../../../../src/api/build/build-trace.ts';
import { ReadMessage } from '../../../../src/api/buildkit/protobuf.ts';
import type { Digest } from '../../../../src/oci/digest.ts';

const ID = `sha256:${'0123456789ab'.padEnd(64, 'c')}` as Digest;

interface Line {
  id?: string;
  aux?: string;
}

function told(play: (trace: BuildTrace) => void, isQuiet = false): Line[] {
  const all: Line[] = [];
  play(new BuildTrace((line) => all.push(line), { isQuiet }));
  return all;
}

/** The one thing that a line tells: of the field's number. */
function status(line: Line | undefined, field: number): ReadMessage {
  expect(line?.id).toBe('moby.buildkit.trace');
  const [found] = new ReadMessage(Buffer.from(line?.aux ?? '', 'base64')).messages(field);
  if (found === undefined) throw new Error(`no field ${field}`);
  return found;
}

function run(trace: BuildTrace): void {
  trace.begin(1, { name: '[1/2] RUN make' });
  trace.output(1, Buffer.from('err\n'), 'stderr');
  trace.note(1, 'sha256:a done');
  trace.note(1, 'sha256:b', { id: 'sha256:b', current: 3, total: 9 });
  trace.end(1, { kind: 'failed', message: 'exit code: 2' });
  trace.warn('Be careful.');
}

describe('the lines of a build of version 2', () => {
  it("are BuildKit's statuses: vertexes, logs, statuses and warnings", () => {
    const lines = told(run);
    const begun = status(lines[0], 1);
    const digest = begun.text(1);
    expect(digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect([begun.text(3), begun.messages(5).length, begun.messages(6).length]).toEqual([
      '[1/2] RUN make',
      1,
      0,
    ]);
    const log = status(lines[1], 3);
    expect([log.text(1), log.number(3), log.text(4)]).toEqual([digest, 2n, 'err\n']);
    const done = status(lines[2], 2);
    expect([done.text(1), done.text(2), done.messages(8).length]).toEqual(['sha256:a', digest, 1]);
    const amount = status(lines[3], 2);
    expect([amount.number(4), amount.number(5), amount.messages(8).length]).toEqual([3n, 9n, 0]);
    const ended = status(lines[4], 1);
    expect([ended.text(1), ended.messages(6).length, ended.text(7)]).toEqual([digest, 1, 'exit code: 2']);
    expect(status(lines[5], 4).text(3)).toBe('Be careful.');
  });

  it('say what came from the cache', () => {
    const lines = told((trace) => {
      trace.begin(1, { name: 'COPY' });
      trace.end(1, { kind: 'cached' });
    });
    expect(status(lines[1], 1).number(4)).toBe(1n);
  });

  it('end with the id; a quiet one has no others unless it fails', () => {
    expect(told((trace) => trace.built(ID))).toEqual([{ id: 'moby.image.id', aux: { ID } }]);
    const quiet = told((trace) => {
      run(trace);
      trace.built(ID);
    }, true);
    expect(quiet).toEqual([{ id: 'moby.image.id', aux: { ID } }, { stream: `${ID}\n` }]);
    const failed = told((trace) => {
      run(trace);
      trace.tellHeld();
    }, true);
    expect(failed).toHaveLength(6);
  });
});
