import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from 'vitest';
import { checkSender, type Reach } from '../../../../src/api/http/sender.ts';

const HOST = '127.0.0.1:2375';

function sent(headers: Record<string, string>, reach: Reach = 'loopback', more: readonly string[] = []) {
  const request = {
    headers,
    rawHeaders: [...Object.entries(headers).flat(), ...more],
    httpVersion: '1.1',
  } as unknown as IncomingMessage;
  return () => checkSender(request, reach);
}

describe('a request', () => {
  it.each<[string, Record<string, string>]>([
    ['without words of a browser', { host: HOST }],
    ['to localhost', { host: 'localhost:2375' }],
    ['to a name below localhost, as docker has it', { host: 'api.moby.localhost' }],
    ['to an address of IPv6', { host: '[::1]:2375' }],
    ['of a page of the service itself', { host: HOST, origin: `http://${HOST}` }],
    ['that somebody has typed', { host: HOST, 'sec-fetch-site': 'none' }],
    ['of a program that fetches', { host: HOST, 'sec-fetch-mode': 'cors' }],
  ])('%s may come over TCP', (_what, headers) => {
    expect(sent(headers)).not.toThrow();
  });

  it.each<[string, Record<string, string>, string]>([
    ['of a page', { host: HOST, origin: 'https://evil.example' }, 'a page of https://evil.example'],
    ['of a page that has no name', { host: HOST, origin: 'null' }, 'a page of null'],
    ['of a page on another port', { host: HOST, origin: 'http://127.0.0.1:80' }, 'a page of'],
    ['of an image of a page', { host: HOST, 'sec-fetch-site': 'cross-site' }, 'a page of another site'],
    ['of a page of a neighbour', { host: HOST, 'sec-fetch-site': 'same-site' }, 'a page of another site'],
    ['of a page whose name was led here', { host: 'evil.example:2375' }, 'by the name evil.example:2375'],
    [
      'of such a page, with its own name as origin',
      { host: 'evil.example:2375', origin: 'http://evil.example:2375' },
      'by the name evil.example:2375',
    ],
    ['to a name that looks like an address', { host: '127.0.0.1.evil.example' }, 'by the name'],
    ['to a name that looks like localhost', { host: 'notlocalhost' }, 'by the name'],
  ])('%s is denied on TCP, and not on a Unix socket, where no browser is', (_what, headers, message) => {
    expect(sent(headers)).toThrow(message);
    expect(sent(headers, 'unix')).not.toThrow();
  });

  it('to whatever name is answered by TLS, but not that of a page', () => {
    expect(sent({ host: 'engine.example:2376' }, 'tls')).not.toThrow();
    expect(sent({ host: 'engine.example:2376', origin: 'https://evil.example' }, 'tls')).toThrow(
      'has no access',
    );
  });

  it('has one proper Host, wherever it comes from', () => {
    expect(sent({}, 'unix')).toThrow('no header Host');
    expect(sent({ host: 'a' }, 'unix', ['HOST', 'b'])).toThrow('more than one header Host');
    expect(sent({ host: 'a b' }, 'unix')).toThrow('names no host');
    expect(sent({ host: '' }, 'unix')).not.toThrow();
  });
});
