import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { relay } from '../../../../src/api/http/relay.ts';
import type { OutputChunk, ProcessStreams } from '../../../../src/engine/lifecycle/process-streams.ts';

/** A process that writes for ever, until it is left. */
function endless() {
  const left = Promise.withResolvers<number>();
  let isLeft = false;
  const streams: ProcessStreams = {
    output: (async function* (): AsyncGenerator<OutputChunk> {
      while (!isLeft) {
        await nextTurn();
        yield { stream: 'stdout', bytes: Buffer.from('x') };
      }
    })(),
    write: async () => {},
    endInput: () => {},
    leavesWithInput: false,
    resize: async () => {},
    ended: left.promise,
    leave: () => {
      isLeft = true;
      left.resolve(137);
    },
  };
  return streams;
}

/** A client that reads so many pieces, and nothing more. */
function client(reads: number) {
  const written: Buffer[] = [];
  const state = { isEnded: false };
  const connection = {
    input: (async function* () {})(),
    write: async (bytes: Uint8Array) => {
      written.push(Buffer.from(bytes));
      if (written.length > reads) await new Promise<void>(() => {});
    },
    end: () => {
      state.isEnded = true;
    },
  };
  return { connection, written, state };
}

describe('a client that reads nothing', () => {
  const signal = new AbortController().signal;

  it('is left to itself, and told so after all that it was sent', async () => {
    const { connection, written, state } = client(2);
    await relay(connection, endless(), { framed: true, input: false, signal, patienceMs: 1 });
    expect(written.map((bytes) => bytes[0])).toEqual([1, 1, 1, 3]);
    expect(String(written.at(-1)?.subarray(8))).toEqual(expect.stringContaining('its logs have the rest'));
    expect(state.isEnded).toBe(true);
  });

  it('gets nothing between the bytes of a terminal', async () => {
    const { connection, written, state } = client(0);
    await relay(connection, endless(), { framed: false, input: false, signal, patienceMs: 1 });
    expect([String(Buffer.concat(written)), state.isEnded]).toEqual(['x', true]);
  });
});

describe('a client that goes', () => {
  it('leaves the process at once, or, where it gives input, when that was passed on', async () => {
    const gone = new AbortController();
    const done: string[] = [];
    const streams = endless();
    const ending = {
      ...streams,
      endInput: () => {
        done.push('input ended');
        streams.leave();
      },
    };
    const { connection } = client(Number.POSITIVE_INFINITY);
    const relayed = relay(connection, ending, { framed: true, input: true, signal: gone.signal });
    const other = endless();
    const alone = relay(connection, other, { framed: true, input: false, signal: gone.signal });
    await nextTurn();
    gone.abort();
    await Promise.all([relayed, alone]);
    expect(done).toContain('input ended');
  });
});
