import { describe, expect, it } from 'vitest';
import { parseExpose, parsePublish } from '../../../src/grammar/ports.ts';

const tcp = (containerPort: number, first?: number, last = first) => ({
  protocol: 'tcp',
  containerPort,
  ...(first === undefined ? {} : { hostPorts: { first, last } }),
});

describe('a published port', () => {
  it.each<[string, object[]]>([
    ['80', [tcp(80)]],
    ['80/udp', [{ ...tcp(80), protocol: 'udp' }]],
    ['80/SCTP', [{ ...tcp(80), protocol: 'sctp' }]],
    ['80/', [tcp(80)]],
    [':80', [tcp(80)]],
    ['0:80', [tcp(80, 0)]],
    ['00:80', [tcp(80, 0)]],
    ['0:80-81', [tcp(80, 0), tcp(81, 0)]],
    ['127.0.0.1:0:80', [{ ...tcp(80, 0), hostAddress: '127.0.0.1' }]],
    ['target=80,published=0', [tcp(80, 0)]],
    ['8080:80', [tcp(80, 8080)]],
    ['::80', [tcp(80)]],
    ['127.0.0.1:8080:80', [{ ...tcp(80, 8080), hostAddress: '127.0.0.1' }]],
    ['127.0.0.1::80/udp', [{ ...tcp(80), protocol: 'udp', hostAddress: '127.0.0.1' }]],
    ['0.0.0.0::80', [{ ...tcp(80), hostAddress: '0.0.0.0' }]],
    ['[::1]:8080:80', [{ ...tcp(80, 8080), hostAddress: '::1' }]],
    ['::1:8080:80', [{ ...tcp(80, 8080), hostAddress: '::1' }]],
    ['[::]::80', [{ ...tcp(80), hostAddress: '::' }]],
    ['8000-8002', [tcp(8000), tcp(8001), tcp(8002)]],
    ['9000-9001:80-81', [tcp(80, 9000), tcp(81, 9001)]],
    ['9000-9005:80', [tcp(80, 9000, 9005)]],
    ['65535:65535', [tcp(65_535, 65_535)]],
    ['target=80', [tcp(80)]],
    ['mode=host,target=80,published=8080', [tcp(80, 8080)]],
    ['published=9000-9005,target=53,protocol=udp', [{ ...tcp(53, 9000, 9005), protocol: 'udp' }]],
    ['target=80,published=8080,host_ip=[::1]', [{ ...tcp(80, 8080), hostAddress: '::1' }]],
  ])('may be written %s', (text, expected) => {
    expect(parsePublish(text)).toEqual(expected);
  });

  it.each([
    '',
    '/tcp',
    '8080:',
    '0',
    '8080:0',
    '80/icmp',
    'web',
    '65536',
    '80-79',
    '-80',
    '80-',
    '1e3',
    '8080:80:tcp',
    'localhost:8080:80',
    '127.1:8080:80',
    '127.0.0.01:8080:80',
    '[127.0.0.1]:8080:80',
    '[::1:8080:80',
    '9000-9002:80-81',
    '9000:80-81',
    '0-1:80-81',
    'published=80',
    'target=80,mode=ingress',
    'target=80,mode=x',
    'target=80-81',
    'target=80,protocol=x',
    'target=80,colour=red',
    'target=80,published',
  ])('is refused when written "%s"', (text) => {
    expect(() => parsePublish(text)).toThrow(
      expect.objectContaining({
        kind: 'invalid',
        message: expect.stringContaining(`invalid port "${text}"`),
      }),
    );
  });

  it('may be one of all there are', () => {
    const all = parsePublish('1-65535:1-65535');
    expect(all).toHaveLength(65_535);
    expect(all.at(-1)).toEqual(tcp(65_535, 65_535));
  });
});

describe('an exposed port', () => {
  it('is a number or a range, of a protocol', () => {
    expect(parseExpose('53-54/udp')).toEqual([
      { protocol: 'udp', port: 53 },
      { protocol: 'udp', port: 54 },
    ]);
  });

  it.each(['', '80:80', '0', 'http', '5-4'])('is refused when written "%s"', (text) => {
    expect(() => parseExpose(text)).toThrow(expect.objectContaining({ kind: 'invalid' }));
  });
});
