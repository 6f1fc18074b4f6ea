import { describe, expect, it } from 'vitest';
import type { StreamName } from '../../../../src/engine/options/client.ts';
import { endsOnce, untilInput } from '../../../../src/engine/options/input.ts';

describe('the input of a container', () => {
  it('ends once as it was asked for, else if its creator takes part in it', () => {
    expect(endsOnce({ stdin: true })).toBe(true);
    expect(endsOnce({ stdin: true, attach: ['stdout'] })).toBe(false);
    expect(endsOnce({ stdin: true, attach: ['stdin'], stdinOnce: false })).toBe(false);
    expect(endsOnce({ stdin: false, stdinOnce: true })).toBe(false);
  });

  it.each([
    ['for one only', { stdin: true, stdinOnce: true }, undefined, false],
    ['for one after the other', { stdin: true, stdinOnce: false }, undefined, true],
    ['a terminal', { stdin: true, stdinOnce: true, terminal: true }, undefined, true],
    ['not taken part in', { stdin: true, stdinOnce: false }, ['stdout'], false],
    ['not there', { stdinOnce: false, terminal: true }, undefined, false],
  ] as const)('that is %s is or is not the end of all for a client', (_what, input, streams, until) => {
    const client = { streams: streams as readonly StreamName[] | undefined };
    expect(untilInput(input, client)).toEqual({ streams, untilInput: until });
  });
});
