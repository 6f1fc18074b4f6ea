import { Command } from 'commander';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Session } from '../../../../src/cli/command/session.ts';
import { define } from '../../../../src/cli/commands/container/port.ts';
import { portsText } from '../../../../src/cli/text/ports-text.ts';
import type { ContainerPort } from '../../../../src/engine/options/network.ts';

let printed = '';
vi.mock('../../../../src/cli/output/print.ts', () => ({
  print: (text: string) => {
    printed += text;
  },
}));
afterEach(() => {
  printed = '';
});

type Given = [own: number, host?: string | undefined, port?: number, protocol?: ContainerPort['protocol']];

const ports = (...given: Given[]): ContainerPort[] =>
  given.map(([containerPort, address, port = containerPort, protocol = 'tcp']) => ({
    protocol,
    containerPort,
    ...(address === undefined ? {} : { host: { address, port } }),
  }));

describe('the ports column', () => {
  it.each<[string, Given[]]>([
    ['', []],
    ['80/tcp', [[80]]],
    [
      '0.0.0.0:8080->80/tcp, [::]:8080->80/tcp',
      [
        [80, '0.0.0.0', 8080],
        [80, '::', 8080],
      ],
    ],
    ['81/tcp, 0.0.0.0:8080->80/tcp', [[80, '0.0.0.0', 8080], [81]]],
    [
      '0.0.0.0:80->80/tcp, [::]:80->80/tcp',
      [
        [80, '::'],
        [80, '0.0.0.0'],
      ],
    ],
    [
      '0.0.0.0:8000-8002->8000-8002/tcp, [::]:8000-8002->8000-8002/tcp',
      [8000, 8001, 8002].flatMap((port): Given[] => [
        [port, '0.0.0.0'],
        [port, '::'],
      ]),
    ],
    ['80-81/tcp, 83/tcp', [[83], [81], [80]]],
    ['53/tcp, 53/udp', [[53, undefined, 53, 'udp'], [53]]],
    ['127.0.0.1:53->53/udp', [[53, '127.0.0.1', 53, 'udp']]],
    [
      '0.0.0.0:9000->80/tcp, 0.0.0.0:9001->81/tcp',
      [
        [80, '0.0.0.0', 9000],
        [81, '0.0.0.0', 9001],
      ],
    ],
  ])('is "%s"', (text, given) => {
    expect(portsText(ports(...given))).toBe(text);
  });
});

describe('port', () => {
  const published = ports([53, '127.0.0.1', 5353, 'udp'], [80, '0.0.0.0', 8080], [80, '::', 8080], [443]);

  async function port(...args: string[]): Promise<string> {
    const containers = { networking: async () => ({ endpoints: [], ports: published }) };
    const session = { globals: { root: '' }, engine: async () => ({ containers }), close: () => {} };
    const command = new Command('port').exitOverride();
    define(command, () => session as unknown as Session);
    await command.parseAsync(args, { from: 'user' });
    return printed;
  }

  it('shows all that are published', async () => {
    expect(await port('web')).toBe('53/udp -> 127.0.0.1:5353\n80/tcp -> 0.0.0.0:8080\n80/tcp -> [::]:8080\n');
  });

  it.each([
    ['80', '0.0.0.0:8080\n[::]:8080\n'],
    ['80/tcp', '0.0.0.0:8080\n[::]:8080\n'],
    ['53/udp', '127.0.0.1:5353\n'],
  ])('shows where %s is published', async (own, text) => {
    expect(await port('web', own)).toBe(text);
  });

  it.each([
    ['443', 'notFound', 'container web publishes no port 443/tcp'],
    ['53', 'notFound', 'container web publishes no port 53/tcp'],
    ['http', 'invalid', 'invalid port: "http"'],
    ['65536', 'invalid', 'invalid port: "65536"'],
    ['80/icmp', 'invalid', 'invalid port: "80/icmp"'],
  ])('refuses %s', async (own, kind, message) => {
    await expect(port('web', own)).rejects.toThrow(expect.objectContaining({ kind, message }));
  });
});
