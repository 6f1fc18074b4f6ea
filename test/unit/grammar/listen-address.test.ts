import { describe, expect, it } from 'vitest';
import { inheritedSockets, parseListenAddress } from '../../../src/grammar/listen-address.ts';

const parse = (text: string) => parseListenAddress(text, {});

describe('an address to listen on', () => {
  it('is a path of a socket, as long as the kernel takes it', () => {
    const path = `/${'a'.repeat(106)}`;
    expect(parse(`unix://${path}`)).toEqual([{ kind: 'unix', path }]);
    expect(() => parse(`unix://${path}a`)).toThrow('is no address to listen on');
    expect(() => parse('unix://relative.sock')).toThrow('is no address to listen on');
    expect(() => parse('/run/docker.sock')).toThrow('is no address to listen on');
  });

  it('is a port of this host alone', () => {
    expect(parse('tcp://127.0.0.1:0')).toEqual([{ kind: 'tcp', host: '127.0.0.1', port: 0, tls: false }]);
    expect(parse('tcp://[::1]:2375')).toEqual([{ kind: 'tcp', host: '::1', port: 2375, tls: false }]);
    for (const text of ['tcp://0.0.0.0:2375', 'tcp://[::]:2375', 'tcp://:2375', 'tcp://example.org:2375'])
      expect(() => parse(text)).toThrow('whoever reaches it is root here');
  });

  it('is a port of any address where clients show certificates', () => {
    const address = { kind: 'tcp', host: '0.0.0.0', port: 2376, tls: true };
    expect(parseListenAddress('tcp://0.0.0.0:2376', {}, true)).toEqual([address]);
  });

  it('is each socket that was passed on to this very process', () => {
    const LISTEN_PID = String(process.pid);
    expect(parseListenAddress('fd://', { LISTEN_PID, LISTEN_FDS: '2' })).toEqual([
      { kind: 'inherited', descriptor: 3 },
      { kind: 'inherited', descriptor: 4 },
    ]);
    expect(inheritedSockets({ LISTEN_PID: '1', LISTEN_FDS: '2' })).toEqual([]);
    expect(inheritedSockets({ LISTEN_PID, LISTEN_FDS: '-1' })).toEqual([]);
    expect(() => parse('fd://')).toThrow('is no address to listen on');
  });
});
