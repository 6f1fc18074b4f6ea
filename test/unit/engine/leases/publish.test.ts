import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { leasePorts } from '../../../../src/engine/leases/ports.ts';
import { publishedPorts } from '../../../../src/engine/leases/publish.ts';
import type { PortMapping } from '../../../../src/engine/options/create.ts';
import { insertContainer } from '../../../../src/engine/store/containers.ts';
import type { Context } from '../../../../src/engine/store/context.ts';
import { processIdentity } from '../../../../src/host/process.ts';
import { containerRow, ID, useContext } from '../fixtures.ts';

const room = useContext();

/** Nothing on any host listens there. */
const ADDRESS = '192.0.2.1';

const EVERY = existsSync('/proc/net/if_inet6') ? ['0.0.0.0', '::'] : ['0.0.0.0'];

function mapping(changes: Partial<PortMapping> = {}): PortMapping {
  return { protocol: 'tcp', containerPort: 80, hostPorts: { first: 8080, last: 8080 }, ...changes };
}

function publishing(publishAddress: string): Context {
  return Object.create(room.context, { publishAddress: { value: publishAddress } });
}

function addresses(context: Context, hostAddress?: string, hostBinding?: string): string[] {
  const ports = publishedPorts(context, [mapping({ hostAddress })], { hostBinding });
  return ports.map((port) => port.hostAddress);
}

/** A port of another container, which is being started by this very process. */
function lease(hostPort: number): void {
  const self = processIdentity(process.pid);
  insertContainer(
    room.context.database,
    containerRow({ starter: `${self?.pid} ${self?.startTime}` }),
    () => false,
  );
  const port = { protocol: 'tcp' as const, hostAddress: ADDRESS, hostPort, containerPort: 80 };
  leasePorts(room.context, { containerId: ID, networkId: 'f'.repeat(64) }, [port]);
}

describe('the address at which a port is published', () => {
  it("is the mapping's, else the network's, else the one for all, else every one of both families", () => {
    const context = publishing('192.0.2.3');
    expect(addresses(context, ADDRESS, '192.0.2.2')).toEqual([ADDRESS]);
    expect(addresses(context, undefined, '192.0.2.2')).toEqual(['192.0.2.2']);
    expect(addresses(context)).toEqual(['192.0.2.3']);
    expect(addresses(room.context)).toEqual(EVERY);
    expect(addresses(publishing(''))).toEqual(EVERY);
  });
});

describe('the port of the host', () => {
  const choose = (...mappings: PortMapping[]): number[] =>
    publishedPorts(room.context, mappings, { hostBinding: ADDRESS }).map(({ hostPort }) => hostPort);

  it('is the one that is named, also when another container has it: leasing refuses that', () => {
    lease(8080);
    expect(choose(mapping())).toEqual([8080]);
  });

  it('is the first one of a range that neither another container nor another mapping has', () => {
    lease(8080);
    const range = mapping({ hostPorts: { first: 8080, last: 8083 } });
    expect(choose(mapping({ hostPorts: { first: 8081, last: 8081 } }), range, range)).toEqual([
      8081, 8082, 8083,
    ]);
  });

  it('is not in a range that is taken', () => {
    lease(8080);
    const range = mapping({ hostPorts: { first: 8080, last: 8081 } });
    expect(() => choose(range, range)).toThrow(
      expect.objectContaining({
        kind: 'conflict',
        message: 'no port from 8080 to 8081 is free for port 80/tcp of the container',
      }),
    );
  });

  it('leads to one port of the container, but has as many protocols as one likes', () => {
    expect(choose(mapping(), mapping({ protocol: 'udp' }))).toEqual([8080, 8080]);
    expect(() => choose(mapping(), mapping({ containerPort: 81 }))).toThrow(
      expect.objectContaining({ kind: 'invalid', message: 'port 8080/tcp of the host is named twice' }),
    );
  });

  it('is any that is free where none is named, the same at all addresses', () => {
    for (const hostPorts of [undefined, { first: 0, last: 0 }]) {
      const ports = publishedPorts(room.context, [mapping({ hostPorts })], { hostBinding: undefined });
      expect(ports.map(({ hostAddress }) => hostAddress)).toEqual(EVERY);
      expect(new Set(ports.map(({ hostPort }) => hostPort)).size).toBe(1);
      expect(ports[0]?.hostPort).toBeGreaterThan(0);
    }
  });
});

describe('ports of the host that nobody has named', () => {
  const choose = (count: number): number[] => {
    const exposed = Array.from({ length: count }, (_, index) =>
      mapping({ containerPort: index + 1, hostPorts: undefined }),
    );
    const ports = publishedPorts(publishing('127.0.0.1'), exposed, { hostBinding: undefined });
    return ports.map(({ hostPort }) => hostPort);
  };

  it('go on where the mapping before has found its own: nobody looks through those of thousands', () => {
    const ports = choose(3000);
    expect(new Set(ports).size).toBe(ports.length);
    // Once it begins again with the first of all; what the host uses is passed over.
    const backwards = ports.filter((port, index) => index > 0 && port < (ports[index - 1] ?? 0));
    expect(backwards.length).toBeLessThanOrEqual(1);
  });

  it('are refused when there are not enough of them', () => {
    expect(() => choose(65_535)).toThrow(/^no port from \d+ to \d+ is free for port/);
  });
});
