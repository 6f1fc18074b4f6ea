import { describe, expect, it } from 'vitest';
import { filtersOf } from '../../../../src/api/buildkit/cache-records.ts';
import { Message, ReadMessage } from '../../../../src/api/buildkit/protobuf.ts';

describe('filters of the cache of builds', () => {
  const read = (texts: readonly string[], unused = 0n) => {
    const request = texts.reduce((message, text) => message.text(1, text), new Message());
    return filtersOf(new ReadMessage(request.encoded()), unused);
  };

  it("are those of the command line, in containerd's words", () => {
    expect(read([])).toEqual({});
    expect(read(['type==exec.cachemount,id~=abc,inuse,private==false'])).toEqual({
      type: 'exec.cachemount',
      id: 'abc',
      inUse: true,
      shared: true,
    });
  });

  it('say for how long what is meant was not used', () => {
    const { until = 0 } = read([], 3_600_000_000_000n);
    expect(until).toBeLessThanOrEqual(Date.now() - 3_600_000);
    expect(until).toBeGreaterThan(0);
  });

  it('are refused when they would choose something else', () => {
    for (const filter of ['foo==bar', 'type~=reg', 'id==abc', 'type!=regular', 'type==a,type==b'])
      expect(() => read([filter]), filter).toThrow(expect.objectContaining({ kind: 'invalid' }));
    expect(() => read(['inuse', 'shared'])).toThrow(expect.objectContaining({ kind: 'unsupported' }));
  });
});
