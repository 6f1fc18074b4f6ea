import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { builtProgram } from '../helpers/built-program.ts';

function encode(text: Uint8Array, room: number): string {
  return execFileSync(builtProgram('json-string'), [String(room)], {
    input: text,
    maxBuffer: 1 << 26,
  }).toString();
}

const SHORT: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '"': '\\"', '\\': '\\\\' };

/** What encoding/json of Go makes of a string, one character after the other. */
function expected(text: Uint8Array): string {
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
  let result = '';
  for (let at = 0; at < text.length; ) {
    const { character, length } = characterAt(text, { at, decoder });
    const unit = character.charCodeAt(0).toString(16).padStart(4, '0');
    const isEscaped = character < ' ' || '<>&\u2028\u2029'.includes(character);
    result += SHORT[character] ?? (length === 0 ? '\\ufffd' : isEscaped ? `\\u${unit}` : character);
    at += length || 1;
  }
  return result;
}

/** The shortest valid sequence, of which there is one at most; a length of 0: there is none. */
function characterAt(text: Uint8Array, { at, decoder }: { at: number; decoder: TextDecoder }) {
  for (let length = 1; length <= 4 && at + length <= text.length; length++) {
    try {
      return { character: decoder.decode(text.subarray(at, at + length)), length };
    } catch {
      // Not so many.
    }
  }
  return { character: '', length: 0 };
}

/** Mulberry32: the same numbers in every run. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Pieces of all kinds, long and short, some of which are cut off. */
function mixture(seed: number): Uint8Array {
  const below = numbers(seed);
  const times = (make: () => number[]) => Array.from({ length: below(70) }, make).flat();
  const utf8 = (code: number) => [...Buffer.from(String.fromCodePoint(code))];
  const kinds = [
    () => times(() => [0]),
    () => times(() => [below(0x20)]),
    () => times(() => [0x20 + below(0x60)]),
    () => times(() => [[0x22, 0x5c, 0x3c, 0x3e, 0x26, 0x0a, 0x0d, 0x7f][below(8)] ?? 0]),
    () => times(() => [below(0x100)]),
    () => times(() => [0x80 + below(0x80)]),
    () => times(() => utf8(below(0xd800))),
    () => times(() => utf8(0xe000 + below(0x102000))),
    () => times(() => utf8(0x2026 + below(6))),
    () => utf8(0x10000 + below(0x100000)).slice(0, 1 + below(3)),
    () => [0xed, 0xa0 + below(0x20), 0x80],
    () => [0xf0 + below(8), 0x80 + below(0x40), 0x80, 0x80],
  ];
  return Uint8Array.from(Array.from({ length: 60 }, () => kinds[below(kinds.length)]?.() ?? []).flat());
}

describe('the characters of a JSON string', () => {
  it('are those of Docker for every byte, and every pair of bytes', () => {
    const pairs = Array.from({ length: 65_536 }, (_, pair) => [pair >> 8, pair & 0xff, 0x78]).flat();
    const text = Uint8Array.from(pairs);
    expect(encode(text, 16_384) === expected(text)).toBe(true);
  });

  it.each(Array.from({ length: 24 }, (_, seed) => [seed]))(
    'are the same in pieces of any size (%i)',
    (seed) => {
      const text = mixture(seed);
      const right = expected(text);
      for (const room of [6, 7, 13, 16, 17, 64, 16_384]) expect(encode(text, room)).toBe(right);
    },
  );
});
