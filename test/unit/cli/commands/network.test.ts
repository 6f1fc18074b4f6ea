import { Command } from 'commander';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { CommandModule } from '../../../../src/cli/command/entry.ts';
import type { Session } from '../../../../src/cli/command/session.ts';
import { network as inspectNetwork } from '../../../../src/cli/commands/inspect-of-kind.ts';
import * as connect from '../../../../src/cli/commands/network/connect.ts';
import * as create from '../../../../src/cli/commands/network/create.ts';
import * as disconnect from '../../../../src/cli/commands/network/disconnect.ts';
import * as ls from '../../../../src/cli/commands/network/ls.ts';
import * as prune from '../../../../src/cli/commands/network/prune.ts';
import * as rm from '../../../../src/cli/commands/network/rm.ts';
import type { Networks } from '../../../../src/engine/networks.ts';
import type { NetworkInfo } from '../../../../src/engine/options/network.ts';
import { EngineError } from '../../../../src/errors.ts';

let printed = '';
vi.mock('../../../../src/cli/output/print.ts', () => ({
  print: (text: string) => {
    printed += text;
  },
  printError: (text: string) => {
    printed += text;
  },
}));
afterEach(() => {
  printed = '';
  process.exitCode = undefined;
});

const FRONT: NetworkInfo = {
  id: 'f'.repeat(64),
  name: 'front',
  driver: 'bridge',
  createdAt: 0,
  internal: false,
  attachable: true,
  ipv4: true,
  ipv6: false,
  subnets: [{ subnet: '172.18.0.0/16', gateway: '172.18.0.1', auxiliary: {} }],
  options: {},
  labels: { app: 'web', tier: '1' },
  containers: [
    {
      containerId: 'c'.repeat(64),
      name: 'web',
      endpointId: 'e'.repeat(64),
      mac: '92:d0:c6:0a:29:33',
      address4: '172.18.0.2/16',
    },
  ],
};

const CHANGE = { container: 'web', isInHosts: true };

/** What a command line asks the engine for: the method and its arguments. */
async function asked(module: CommandModule, ...args: string[]): Promise<unknown[]> {
  const calls: unknown[] = [];
  const note =
    <Result>(method: string, result: Result) =>
    async (...given: unknown[]) => {
      calls.push(method, ...JSON.parse(JSON.stringify(given)));
      return result;
    };
  const networks: Partial<Networks> = {
    create: note('create', 'an id'),
    list: note('list', [FRONT]),
    get: note('get', FRONT),
    remove: async (name, options) => {
      if (name === 'missing') throw new EngineError('notFound', 'no such network: missing');
      return await note('remove', [CHANGE])(name, options);
    },
    prune: note('prune', ['front', 'back']),
    connect: note('connect', CHANGE),
    disconnect: note('disconnect', CHANGE),
  };
  const session = { globals: { root: '' }, engine: async () => ({ networks }), close: () => {} };
  const command = new Command('x')
    .exitOverride()
    .configureOutput({ writeErr: () => {}, outputError: () => {} });
  module.define(command, () => session as unknown as Session);
  await command.parseAsync(args, { from: 'user' });
  return calls;
}

describe('network create', () => {
  it.each<[string[], object]>([
    [[], {}],
    [
      ['-d', 'macvlan', '-o', 'parent=eth0', '--opt=macvlan_mode=vepa'],
      { driver: 'macvlan', options: { parent: 'eth0', macvlan_mode: 'vepa' } },
    ],
    [
      ['--internal', '--ipv6', '--label', 'a=b', '--label', 'c'],
      { internal: true, ipv6: true, labels: { a: 'b', c: '' } },
    ],
    [['--ipv6=true', '--ipv4=false'], { ipv6: true, ipv4: false }],
    [['--ipv6=false'], {}],
    [['--attachable'], { attachable: true }],
    [
      ['--attachable=false', '--ingress=false', '--scope', 'local', '--ipam-driver', 'default'],
      { attachable: false },
    ],
    [
      [
        '--subnet',
        '10.1.0.0/16',
        '--subnet',
        'fd00:1::/64',
        '--gateway',
        'fd00:1::5',
        '--gateway',
        '10.1.0.9',
      ],
      {
        subnets: [
          { subnet: '10.1.0.0/16', gateway: '10.1.0.9' },
          { subnet: 'fd00:1::/64', gateway: 'fd00:1::5' },
        ],
      },
    ],
    [
      [
        '--subnet=10.1.0.0/16,10.2.0.0/16',
        '--ip-range',
        '10.2.5.0/24',
        '--aux-address',
        'a=10.1.0.3',
        '--aux-address',
        'b=10.1.0.4',
      ],
      {
        subnets: [
          { subnet: '10.1.0.0/16', auxiliary: { a: '10.1.0.3', b: '10.1.0.4' } },
          { subnet: '10.2.0.0/16', range: '10.2.5.0/24' },
        ],
      },
    ],
  ])('asks for what %j says', async (args, expected) => {
    expect(await asked(create, ...args, 'front')).toEqual(['create', { name: 'front', ...expected }]);
    expect(printed).toBe('an id\n');
  });

  it('takes options after the name, too', async () => {
    expect(await asked(create, 'front', '--internal')).toEqual(['create', { name: 'front', internal: true }]);
  });

  it.each([
    [['--gateway', '10.1.0.1'], '--gateway 10.1.0.1 lies in no --subnet'],
    [['--subnet', '10.1.0.0/16', '--gateway', '10.2.0.1'], '--gateway 10.2.0.1 lies in no --subnet'],
    [['--subnet', '10.1.0.0/24', '--ip-range', '10.1.0.0/16'], '--ip-range 10.1.0.0/16 lies in no --subnet'],
    [['--subnet', '10.1.0.0/24', '--aux-address', 'a=fd00::1'], '--aux-address fd00::1 lies in no --subnet'],
    [['--subnet', '10.1.0.0/16', '--subnet', '10.1.5.0/24'], 'subnets 10.1.0.0/16 and 10.1.5.0/24 overlap'],
    [['--subnet', '10.1.5.0/24', '--subnet', '10.1.0.0/16'], 'subnets 10.1.5.0/24 and 10.1.0.0/16 overlap'],
    [
      ['--subnet', '10.1.0.0/16', '--gateway', '10.1.0.1,10.1.0.2'],
      'has several gateways: 10.1.0.1, 10.1.0.2',
    ],
    [
      ['--subnet', '10.1.0.0/16', '--ip-range', '10.1.1.0/24', '--ip-range', '10.1.2.0/24'],
      'has several ranges: 10.1.1.0/24, 10.1.2.0/24',
    ],
    [['--subnet', '10.1.0.0'], 'the subnet is not an address with the length of its prefix: "10.1.0.0"'],
    [
      ['--subnet', '172.30.0.0/33'],
      'the subnet is not an address with the length of its prefix: "172.30.0.0/33"',
    ],
    [['--subnet', ''], 'the subnet is not an address with the length of its prefix: ""'],
    [
      ['--subnet', '10.1.0.0/16', '--ip-range', '10.1'],
      'the range is not an address with the length of its prefix: "10.1"',
    ],
    [['--subnet', '10.1.0.0/16', '--gateway', 'router'], 'invalid gateway: "router"'],
    [['--aux-address', 'a'], 'invalid auxiliary address: "a"'],
    [['--subnet', '10.1.0.0/16', '--aux-address', 'a=b'], 'invalid auxiliary address: "b"'],
    [['--ipv4=maybe'], 'invalid boolean value "maybe" for --ipv4'],
    [['--label', '=x'], 'label "=x" has no name'],
  ])('refuses %j', async (args, message) => {
    await expect(asked(create, ...args, 'front')).rejects.toThrow(
      expect.objectContaining({ kind: 'invalid', message: expect.stringContaining(message) }),
    );
  });

  it.each([
    [['--ingress=true'], '--ingress is not supported', 'no swarm'],
    [['--config-only'], '--config-only is not supported', 'no swarm'],
    [['--config-from', 'x'], '--config-from is not supported', 'no swarm'],
    [['--scope', 'swarm'], 'no networks of scope swarm', 'no swarm'],
    [['--ipam-driver', 'x'], 'there is no IPAM driver x', 'leave --ipam-driver out'],
    [['--ipam-opt', 'a=b'], '--ipam-opt is not supported', 'no options'],
    [['--disable-dns'], '--disable-dns is not supported', 'by name'],
  ])('has no %j, and says why', async (args, message, hint) => {
    await expect(asked(create, 'front', ...args)).rejects.toThrow(
      expect.objectContaining({
        kind: 'unsupported',
        message: expect.stringContaining(message),
        hint: expect.stringContaining(hint),
      }),
    );
  });
});

describe('network ls', () => {
  it("has Docker's columns", async () => {
    expect(await asked(ls)).toEqual(['list', {}]);
    expect(printed).toBe(
      'NETWORK ID     NAME      DRIVER    SCOPE\nffffffffffff   front     bridge    local\n',
    );
  });

  it.each([
    [['-q'], 'ffffffffffff\n'],
    [['-q', '--no-trunc'], `${FRONT.id}\n`],
    [
      ['--format', '{{.Name}} {{.IPv4}} {{.IPv6}} {{.Internal}} {{.Labels}} {{.Label "app"}}'],
      'front true false false app=web,tier=1 web\n',
    ],
    [['--format', 'raw', '-q'], 'network_id: ffffffffffff\n'],
    [['--format', 'table {{.Name}}\\t{{.Label "com.x.tier"}}'], 'NAME      tier\nfront     \n'],
  ])('shows what %j asks for', async (args, expected) => {
    await asked(ls, ...args);
    expect(printed).toBe(expected);
  });

  it("has Docker's fields as JSON", async () => {
    await asked(ls, '--format', 'json');
    expect(JSON.parse(printed)).toMatchObject({
      Driver: 'bridge',
      ID: 'ffffffffffff',
      IPv4: 'true',
      IPv6: 'false',
      Internal: 'false',
      Labels: 'app=web,tier=1',
      Name: 'front',
      Scope: 'local',
    });
  });

  it('hands its filters on', async () => {
    const given = [
      'driver=bridge',
      'id=ff',
      'name=a',
      'name=b',
      'scope=local',
      'type=custom',
      'label=x=y',
      'dangling=1',
    ];
    expect(await asked(ls, ...given.flatMap((filter) => ['-f', filter]))).toEqual([
      'list',
      {
        driver: ['bridge'],
        id: ['ff'],
        name: ['a', 'b'],
        scope: ['local'],
        type: ['custom'],
        label: ['x=y'],
        dangling: true,
      },
    ]);
  });

  it.each(['colour=red', 'type=mine', 'dangling=perhaps', 'driver'])(
    'refuses the filter %s',
    async (filter) => {
      await expect(asked(ls, '-f', filter)).rejects.toThrow(expect.objectContaining({ kind: 'invalid' }));
    },
  );
});

describe('network inspect', () => {
  it("prints Docker's JSON", async () => {
    await asked(inspectNetwork, 'front');
    expect(JSON.parse(printed)).toEqual([
      {
        Name: 'front',
        Id: FRONT.id,
        Created: '1970-01-01T00:00:00.000Z',
        Scope: 'local',
        Driver: 'bridge',
        EnableIPv4: true,
        EnableIPv6: false,
        IPAM: {
          Driver: 'default',
          Options: {},
          Config: [{ Subnet: '172.18.0.0/16', Gateway: '172.18.0.1' }],
        },
        Internal: false,
        Attachable: true,
        Ingress: false,
        ConfigFrom: { Network: '' },
        ConfigOnly: false,
        Containers: {
          [`${'c'.repeat(64)}`]: {
            Name: 'web',
            EndpointID: 'e'.repeat(64),
            MacAddress: '92:d0:c6:0a:29:33',
            IPv4Address: '172.18.0.2/16',
            IPv6Address: '',
          },
        },
        Options: {},
        Labels: { app: 'web', tier: '1' },
      },
    ]);
  });

  it('renders templates', async () => {
    await asked(
      inspectNetwork,
      '-f',
      '{{.ID}} {{range .IPAM.Config}}{{.Subnet}}{{.IPRange}}{{end}}',
      'front',
    );
    expect(printed).toBe(`${FRONT.id} 172.18.0.0/16\n`);
  });
});

describe('network rm', () => {
  it('removes several and reports those that there are not', async () => {
    expect(await asked(rm, 'front', 'missing', 'back')).toEqual([
      'remove',
      'front',
      { force: false },
      'remove',
      'back',
      { force: false },
    ]);
    expect(printed).toBe('front\nskiff: no such network: missing\nback\n');
    expect(process.exitCode).toBe(1);
  });

  it('is content with those that there are not when forced', async () => {
    expect(await asked(rm, '-f', 'missing', 'back')).toEqual(['remove', 'back', { force: true }]);
    expect(printed).toBe('back\n');
    expect(process.exitCode).toBeUndefined();
  });
});

describe('network connect and disconnect', () => {
  it.each<[string[], object]>([
    [[], {}],
    [
      [
        '--alias',
        'a',
        '--alias',
        'b',
        '--ip',
        '10.0.0.9',
        '--ip6',
        'fd00::9',
        '--mac-address',
        '92-d0-c6-0a-29-33',
      ],
      { aliases: ['a', 'b'], ip: '10.0.0.9', ip6: 'fd00::9', mac: '92:d0:c6:0a:29:33' },
    ],
    [
      ['--driver-opt', 'a=b', '--driver-opt', 'c=d=e', '--gw-priority', '-3'],
      { driverOptions: { a: 'b', c: 'd=e' }, gatewayPriority: -3 },
    ],
    [['--link', 'db:x'], { links: [{ container: 'db', alias: 'x' }] }],
  ])('asks for what %j says', async (args, attachment) => {
    expect(await asked(connect, ...args, 'front', 'web')).toEqual([
      'connect',
      { network: 'front', ...attachment },
      'web',
    ]);
  });

  it.each([
    [['--ip', 'x'], 'invalid IPv4 address'],
    [['--ip6', '10.0.0.1'], 'invalid IPv6 address'],
    [['--driver-opt', 'x'], 'invalid driver option'],
    [['--gw-priority', 'x'], 'not a whole number'],
    [['--link', ':'], 'invalid link'],
    [['--link-local-ip', '169.254.1.1'], 'link-local'],
  ])('refuses %j', async (args, message) => {
    await expect(asked(connect, 'front', 'web', ...args)).rejects.toThrow(message);
  });

  it('disconnects', async () => {
    expect(await asked(disconnect, 'front', 'web')).toEqual(['disconnect', 'front', 'web', { force: false }]);
    expect(await asked(disconnect, '-f', 'front', 'web')).toEqual([
      'disconnect',
      'front',
      'web',
      { force: true },
    ]);
  });
});

describe('network prune', () => {
  it('says what it removed', async () => {
    const filters = ['until=5', 'label=a=b', 'label!=keep', 'label=c'];
    expect(await asked(prune, '-f', ...filters.flatMap((filter) => ['--filter', filter]))).toEqual([
      'prune',
      {
        until: 5000,
        labels: [
          expect.objectContaining({ key: 'a', value: 'b' }),
          expect.objectContaining({ key: 'keep', negated: true }),
          expect.objectContaining({ key: 'c' }),
        ],
      },
    ]);
    expect(printed).toBe('Deleted Networks:\nfront\nback\n\n');
  });
});
