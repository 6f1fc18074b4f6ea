import { describe, expect, it } from 'vitest';
import { macAddress } from '../../../src/grammar/addresses.ts';

describe('a MAC address', () => {
  it.each(['92:D0:C6:0a:29:33', '92-d0-c6-0a-29-33', '92d0.c60a.2933'])('may be written %s', (text) => {
    expect(macAddress(text)).toBe('92:d0:c6:0a:29:33');
  });

  it.each(['92:D0:c6:0a:29', '92D0c60a2933', '92:d0:c6-0a:29:33'])(
    'is left to the engine when it is %s',
    (text) => {
      expect(macAddress(text)).toBe(text);
    },
  );
});
