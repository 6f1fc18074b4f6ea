import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { expect, it } from 'vitest';
import { builtProgram } from '../helpers/built-program.ts';

it.each(['sha256', 'sha256-plain'])(
  '%s says what node:crypto does, of any length and in any pieces',
  (program) => {
    const input = Buffer.alloc(3_000_001);
    for (let at = 0; at < input.length; at++) input[at] = (at * at + (at >> 7)) & 0xff;
    const lengths = [...Array(300).keys(), input.length];
    const digests = execFileSync(builtProgram(program), { input, encoding: 'utf8' }).trim().split('\n');
    expect(digests).toEqual(
      lengths.map((length) => createHash('sha256').update(input.subarray(0, length)).digest('hex')),
    );
  },
);
