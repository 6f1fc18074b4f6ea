import { describe, expect, it } from 'vitest';
import { decodeRecords } from '../../../../src/host/record-file.ts';
import { compilePorts, PORTS_FILE, portRecords } from '../../../../src/network/files/ports-file.ts';
import { firewallPorts } from '../../../../src/network/files/published.ts';
import { port } from '../definitions.ts';

const V4 = { address4: '172.18.0.2' };
const V6 = { address6: 'fd00:1::2' };
const BOTH = { ...V4, ...V6 };

const relay = (hostAddress: string, target: object) => portRecords([port(hostAddress)], target)[0]?.slice(4);
const translated = (hostAddress: string, target: object) =>
  firewallPorts([port(hostAddress)], target).map(({ containerAddress }) => containerAddress);

describe('a published port', () => {
  it.each([
    // address of the host, container, what the firewall leads to, what the socket is relayed to
    ['0.0.0.0', BOTH, '172.18.0.2', undefined],
    ['127.0.0.1', V4, '172.18.0.2', undefined],
    ['192.0.2.1', V6, undefined, 'fd00:1::2'],
    ['::', BOTH, 'fd00:1::2', '172.18.0.2'],
    ['::', V6, 'fd00:1::2', 'fd00:1::2'],
    ['::', V4, undefined, '172.18.0.2'],
    ['::1', BOTH, undefined, '172.18.0.2'],
    ['::1', V6, undefined, 'fd00:1::2'],
    ['fd00::9', BOTH, 'fd00:1::2', undefined],
    ['fd00::9', V4, undefined, '172.18.0.2'],
  ])(
    'of %s for %j goes to %s through the firewall, to %s through its socket',
    (host, target, firewall, socket) => {
      expect(translated(host, target)).toEqual(firewall === undefined ? [] : [firewall]);
      expect(relay(host, target)).toEqual(socket === undefined ? ['', ''] : [socket, '80']);
    },
  );

  it('is held by the monitor', () => {
    const ports = [port('0.0.0.0', { protocol: 'udp', hostPort: 53, containerPort: 5353 })];
    expect(decodeRecords(PORTS_FILE, compilePorts(ports, V4))).toEqual([
      ['port', 'udp', '0.0.0.0', '53', '', ''],
    ]);
  });

  it('of SCTP is never relayed', () => {
    const ports = [port('::', { protocol: 'sctp' })];
    expect(portRecords(ports, V4)).toEqual([['port', 'sctp', '::', '8080', '', '']]);
  });

  it('needs an address', () => {
    expect(() => portRecords([port('here')], V4)).toThrow(
      'the address of a published port is not an IP address',
    );
  });
});
