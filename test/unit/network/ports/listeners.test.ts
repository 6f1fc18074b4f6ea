import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { describe, expect, it } from 'vitest';
import { formatAddress } from '../../../../src/network/address/address.ts';
import { boundSockets, portHolder, sctpEndpoints } from '../../../../src/network/ports/listeners.ts';

const HEADING =
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';

describe('the lists of sockets', () => {
  it('have those of TCP that listen', () => {
    const text = `${HEADING}
   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4242 1 0 100 0 0 10 0
   1: 0100007F:1F90 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        0 4243 1 0 100 0 0 10 0
`;
    expect(boundSockets(text, 'tcp')).toEqual([
      { addresses: [{ family: 4, value: 0x7f000001n }], port: 8080, inode: '4242' },
    ]);
  });

  it('have IPv6 in words of four bytes', () => {
    const text = `${HEADING}
 100: 000000FD000000000000000002000000:0035 00000000000000000000000000000000:0000 07 0:0 00:0 0 0 0 77 2 0 0
`;
    const [socket] = boundSockets(text, 'udp');
    expect(socket?.addresses.map(formatAddress)).toEqual(['fd00::2']);
  });

  it('have every address of SCTP', () => {
    const text = ` ENDPT     SOCK   STY SST HBKT LPORT   UID INODE LADDRS
ffff88017e0a0200 ffff880299f7fa00 2   10  29   11111  0 15126 192.0.2.1 fd00::2
`;
    expect(
      sctpEndpoints(text).map(({ addresses, ...rest }) => ({ ...rest, has: addresses.map(formatAddress) })),
    ).toEqual([{ port: 11111, inode: '15126', has: ['192.0.2.1', 'fd00::2'] }]);
  });
});

describe('the holder of a port', () => {
  it('is found by the address or by every address, in either family', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    const socket = createSocket('udp6').bind(0);
    await Promise.all([once(server, 'listening'), once(socket, 'listening')]);
    const tcp = (server.address() as { port: number }).port;
    const udp = socket.address().port;
    const holder = expect.objectContaining({ pid: process.pid });
    expect(portHolder({ protocol: 'tcp', address: '127.0.0.1', port: tcp })).toEqual(holder);
    expect(portHolder({ protocol: 'tcp', address: '0.0.0.0', port: tcp })).toEqual(holder);
    expect(portHolder({ protocol: 'tcp', address: '::', port: tcp })).toEqual(undefined);
    expect(portHolder({ protocol: 'udp', address: '127.0.0.1', port: udp })).toEqual(holder);
    expect(portHolder({ protocol: 'tcp', address: '127.0.0.2', port: tcp })).toBeUndefined();
    expect(portHolder({ protocol: 'sctp', address: '127.0.0.1', port: tcp })).toBeUndefined();
    server.close();
    socket.close();
  });
});
