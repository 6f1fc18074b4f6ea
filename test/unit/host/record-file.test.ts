import { describe, expect, it } from 'vitest';
import { decodeRecords, encodeRecords } from '../../../src/host/record-file.ts';

const refuse = (op: string, value: string): never => {
  throw new Error(`${op} ${JSON.stringify(value)}`);
};

describe('a file of records', () => {
  it('is fields that end with NUL, after its kind and version', () => {
    const bytes = encodeRecords('skiff-x', [['a'], ['b', 'ä', '']], refuse);
    expect(Buffer.from(bytes).toString('utf8')).toBe(
      ['skiff-x', '1', '1', 'a', '0', 'b', '2', 'ä', '', ''].join('\0'),
    );
    expect(decodeRecords('skiff-x', bytes)).toEqual([['a'], ['b', 'ä', '']]);
  });

  it('has nothing with a NUL byte in it', () => {
    expect(() => encodeRecords('skiff-x', [['a', 'b\0c']], refuse)).toThrow('a "b\\u0000c"');
  });

  it.each([
    '',
    'skiff-x\x001\x001',
    'skiff-x\x001\x002\0',
    'skiff-y\x001\x001\0',
    'skiff-x\x001\x001\0a\x002\0b\0',
  ])('is not %j', (text) => {
    expect(() => decodeRecords('skiff-x', Buffer.from(text))).toThrow('not a x file');
  });
});
