import { describe, expect, it } from 'vitest';
import { Message, ReadMessage } from '../../../../src/api/buildkit/protobuf.ts';

describe('a message of protocol buffers', () => {
  it('is written as the encoding says', () => {
    const hex = (message: Message) => message.encoded().toString('hex');
    expect(hex(new Message().number(1, 150))).toBe('089601');
    expect(hex(new Message().text(2, 'testing'))).toBe('120774657374696e67');
    expect(hex(new Message().message(3, new Message().number(1, 150)))).toBe('1a03089601');
    expect(hex(new Message().number(1, -1n))).toBe('08ffffffffffffffffff01');
    expect(hex(new Message().time(1, 1_500))).toBe('0a0808011080cab5ee01');
  });

  it('leaves out what is absent, empty, false or 0, but for a message', () => {
    const empty = new Message().number(1, 0).number(2, undefined).number(3, false).text(4, '');
    expect(empty.bytes(5, undefined).time(6, undefined).encoded()).toHaveLength(0);
    expect(new Message().message(1, new Message()).encoded()).toHaveLength(2);
  });

  it('is read by the numbers of its fields', () => {
    const inner = new Message().text(1, 'a');
    const read = new ReadMessage(
      new Message()
        .number(1, 2n ** 40n)
        .number(2, -5n)
        .text(3, 'é')
        .message(4, inner)
        .message(4, inner)
        .encoded(),
    );
    expect([read.number(1), read.number(2), read.text(3)]).toEqual([2n ** 40n, -5n, 'é']);
    expect(read.messages(4).map((each) => each.text(1))).toEqual(['a', 'a']);
    expect([read.number(9), read.text(9), read.bytes(9), read.messages(9)]).toEqual([0n, '', undefined, []]);
  });

  it('passes over fixed numbers, and takes the last of several', () => {
    const bytes = Buffer.from('0901020304050607080d0102030410011002', 'hex');
    expect(new ReadMessage(bytes).number(2)).toBe(2n);
  });

  it.each(['08', '0a05aa', '0b', '08ffffffffffffffffffff01', '0d01'])('is none when it is %s', (hex) => {
    expect(() => new ReadMessage(Buffer.from(hex, 'hex'))).toThrow(
      expect.objectContaining({ kind: 'invalid' }),
    );
  });
});
