import { describe, expect, it } from 'vitest';
import { shareStreams } from '../../../../src/api/containers/shared-streams.ts';
import type { OutputChunk, ProcessStreams } from '../../../../src/engine/lifecycle/process-streams.ts';

const chunk = (stream: OutputChunk['stream'], text: string): OutputChunk => ({
  stream,
  bytes: Buffer.from(text),
});

function process(chunks: readonly OutputChunk[], leavesWithInput = false) {
  const seen = { taken: 0, left: 0, ended: 0 };
  const streams: ProcessStreams = {
    output: (async function* () {
      for (const each of chunks) {
        seen.taken++;
        yield each;
      }
    })(),
    write: async () => {},
    endInput: () => {
      seen.ended++;
    },
    leavesWithInput,
    resize: async () => {},
    ended: Promise.resolve(0),
    leave: () => {
      seen.left++;
    },
  };
  return { streams, seen };
}

async function textOf({ output }: ProcessStreams): Promise<string> {
  let text = '';
  for await (const { bytes } of output) text += Buffer.from(bytes).toString();
  return text;
}

const SOME = [chunk('stdout', 'a'), chunk('stderr', 'b'), chunk('stdout', 'c'), chunk('stdout', 'd')];

describe('streams that several share', () => {
  it('give each all that it wants from the first byte on', async () => {
    const [all, out, err, none] = shareStreams(process(SOME).streams, [
      ['stdin', 'stdout', 'stderr'],
      ['stdout'],
      ['stderr'],
      ['stdin'],
    ]) as [ProcessStreams, ProcessStreams, ProcessStreams, ProcessStreams];
    expect(await Promise.all([all, out, err, none].map(textOf))).toEqual(['abcd', 'acd', 'b', '']);
  });

  it('come no faster than the slowest reads, and go on when that one leaves', async () => {
    const { streams, seen } = process(SOME);
    const [quick, slow] = shareStreams(streams, [['stdout'], ['stdout']]) as [ProcessStreams, ProcessStreams];
    const text = textOf(quick);
    await slow.output[Symbol.asyncIterator]().next();
    await new Promise(setImmediate);
    expect(seen).toMatchObject({ taken: 1, left: 0 });
    slow.leave();
    expect(await text).toBe('acd');
    quick.leave();
    quick.leave();
    expect(seen).toMatchObject({ taken: 4, left: 1 });
  });

  it('are all over for one whose input has ended where that of the others stays open', async () => {
    const { streams, seen } = process(SOME, true);
    const never = new Promise<number>(() => {});
    const [first, last] = shareStreams({ ...streams, ended: never }, [['stdin'], ['stdin']]) as [
      ProcessStreams,
      ProcessStreams,
    ];
    first.endInput();
    expect(await first.ended).toBe(0);
    expect(seen).toMatchObject({ left: 0, ended: 0 });
    last.endInput();
    last.leave();
    expect(await last.ended).toBe(0);
    expect(seen).toMatchObject({ left: 0, ended: 1 });
  });
});
