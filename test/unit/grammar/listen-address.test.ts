import { describe, expect, it } from 'vitest';
import { inheritedSockets, parseListenAddress } from '../../../src/grammar/listen-address.ts';

const hinting = (hint: string) =>
  expect.objectContaining({ kind: 'invalid', hint: expect.stringContaining(hint) });
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

  const LISTEN_PID = String(process.pid);
  const inherited = (descriptor: number) => ({ kind: 'inherited', descriptor });

  it('is each socket that was passed on to this very process, or those of a name or number', () => {
    const given = { LISTEN_PID, LISTEN_FDS: '3', LISTEN_FDNAMES: 'api:other:api' };
    const chosen = (text: string) => parseListenAddress(text, given);
    expect(chosen('fd://')).toEqual([inherited(3), inherited(4), inherited(5)]);
    expect(chosen('fd://*')).toEqual(chosen('fd://'));
    expect(chosen('fd://4')).toEqual([inherited(4)]);
    expect(chosen('fd://api')).toEqual([inherited(3), inherited(5)]);
    for (const text of ['fd://6', 'fd://0', 'fd://none'])
      expect(() => chosen(text)).toThrow(hinting('these were passed on: 3 or api, 4 or other, 5 or api'));
  });

  it('is no socket that was passed on to another process, or to none', () => {
    expect(inheritedSockets({ LISTEN_PID: '1', LISTEN_FDS: '2' })).toEqual([]);
    expect(inheritedSockets({ LISTEN_FDS: '2' })).toEqual([]);
    expect(inheritedSockets({ LISTEN_PID, LISTEN_FDS: '0' })).toEqual([]);
    expect(() => parseListenAddress('fd://', { LISTEN_PID: '1', LISTEN_FDS: '2' })).toThrow(
      hinting('the sockets of LISTEN_FDS are for process 1'),
    );
    expect(() => parse('fd://')).toThrow(hinting('no socket was passed on'));
  });

  it.each(['-1', '', 'two', '99999'])('is refused where %j sockets were passed on', (LISTEN_FDS) => {
    expect(() => inheritedSockets({ LISTEN_PID, LISTEN_FDS })).toThrow(
      `LISTEN_FDS is to be the number of sockets, and is "${LISTEN_FDS}"`,
    );
  });
});
