import { describe, expect, it } from 'vitest';
import { frame } from '../../../../src/api/http/frames.ts';

describe('a frame', () => {
  it.each([
    ['stdout', 'hi', [1, 0, 0, 0, 0, 0, 0, 2, 0x68, 0x69]],
    ['stderr', '', [2, 0, 0, 0, 0, 0, 0, 0]],
  ] as const)('of %s says the stream, the length and the bytes', (stream, text, expected) => {
    expect([...frame({ stream, bytes: Buffer.from(text) })]).toEqual(expected);
  });

  it('says a length of more than two bytes in big-endian', () => {
    const framed = frame({ stream: 'stdout', bytes: new Uint8Array(0x01_02_03) });
    expect([...framed.subarray(0, 8)]).toEqual([1, 0, 0, 0, 0, 1, 2, 3]);
    expect(framed.length).toBe(8 + 0x01_02_03);
  });
});
