import { constants } from 'node:os';
import { describe, expect, it } from 'vitest';
import { parseSignal, signalName } from '../../../../src/runtime/monitor/signals.ts';

describe('parseSignal', () => {
  it.each([
    ['SIGTERM', 15],
    ['term', 15],
    ['sigkill', 9],
    ['15', 15],
    ['64', 64],
    ['SIGRTMIN', 34],
    ['RTMIN+3', 37],
    ['SIGRTMAX-1', 63],
    ['rtmax', 64],
  ])('reads %s as Docker does', (text, number) => {
    expect(parseSignal(text)).toBe(number);
  });

  it.each(['', '0', '65', '-9', 'SIG', 'TERMINATE', 'RTMIN-1', 'RTMAX+1', '9.5', 'toString'])(
    'refuses "%s"',
    (text) => {
      expect(() => parseSignal(text)).toThrow(
        expect.objectContaining({ kind: 'invalid', message: `invalid signal: ${text}` }),
      );
    },
  );

  it('agrees with the kernel about every signal that the runtime knows', () => {
    for (const [name, number] of Object.entries(constants.signals)) expect(parseSignal(name)).toBe(number);
  });
});

describe('signalName', () => {
  it('names signals so that they can be read back', () => {
    for (let number = 1; number <= 64; number += 1) expect(parseSignal(signalName(number))).toBe(number);
    expect(signalName(37)).toBe('SIGRTMIN+3');
    expect(signalName(6)).toBe('SIGABRT');
  });
});
