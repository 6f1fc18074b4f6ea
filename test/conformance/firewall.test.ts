import { execFileSync, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FirewallState } from '../../src/network/address/definition.ts';
import { publishElements, withdrawElements } from '../../src/network/nft/elements.ts';
import { denyingChains, firewallQuestions } from '../../src/network/nft/foreign-firewall.ts';
import { resolverRules } from '../../src/network/nft/resolver-rules.ts';
import { ruleset } from '../../src/network/nft/ruleset.ts';
import { NetworkNamespace } from '../helpers/network-namespace.ts';
import { HELPER } from '../helpers/plan.ts';
import { endpoint, network, port, SUBNET4, SUBNET6 } from '../unit/network/definitions.ts';

const NOTHING: FirewallState = { table: 'skiff', networks: [], ports: [], uplinks4: [], uplinks6: [] };
const OTHER4 = { subnet: '172.18.16.0/20', gateway: '172.18.16.1', auxiliary: {} };

const STATE: FirewallState = {
  table: 'skiff',
  networks: [
    network({ link: 'sk-a' }),
    network({ link: 'sk-b', internal: true, subnets: [{ ...OTHER4, subnet: '172.18.32.0/20' }] }),
    network({ link: 'sk-c', subnets: [OTHER4, SUBNET6] }),
  ],
  ports: [
    { ...port('127.0.0.1'), containerAddress: '172.18.0.2' },
    { ...port('0.0.0.0', { protocol: 'udp', hostPort: 53 }), containerAddress: '172.18.0.3' },
    { ...port('fd00::9', { hostPort: 443 }), containerAddress: 'fd00:1::2' },
    { ...port('::', { protocol: 'sctp', hostPort: 99 }), containerAddress: 'fd00:1::2' },
  ],
  uplinks4: ['eth0'],
  uplinks6: ['eth1'],
};

/** What the table has to be, in the language of nft(8). */
const EXPECTED = `
table inet skiff {
  set bridges { type ifname; elements = { "sk-a", "sk-b", "sk-c" }; }
  set internal { type ifname; elements = { "sk-b" }; }
  set same {
    type ifname . ifname
    elements = { "sk-a" . "sk-a", "sk-b" . "sk-b", "sk-c" . "sk-c" }
  }
  set uplinks4 { type ifname; elements = { "eth0" }; }
  set uplinks6 { type ifname; elements = { "eth1" }; }
  set sources4 { type ipv4_addr; flags interval; elements = { 172.18.0.0/20, 172.18.16.0/20 }; }
  set sources6 { type ipv6_addr; flags interval; elements = { fd00:1::/64 }; }
  set own4 {
    type ifname . ipv4_addr
    flags interval
    elements = { "sk-a" . 172.18.0.0/20, "sk-b" . 172.18.32.0/20, "sk-c" . 172.18.16.0/20 }
  }
  set own6 { type ifname . ipv6_addr; flags interval; elements = { "sk-c" . fd00:1::/64 }; }
  map ports4 {
    type ipv4_addr . inet_proto . inet_service : ipv4_addr . inet_service
    elements = { 127.0.0.1 . tcp . 8080 : 172.18.0.2 . 80 }
  }
  map any4 {
    type inet_proto . inet_service : ipv4_addr . inet_service
    elements = { udp . 53 : 172.18.0.3 . 80 }
  }
  map ports6 {
    type ipv6_addr . inet_proto . inet_service : ipv6_addr . inet_service
    elements = { fd00::9 . tcp . 443 : fd00:1::2 . 80 }
  }
  map any6 {
    type inet_proto . inet_service : ipv6_addr . inet_service
    elements = { sctp . 99 : fd00:1::2 . 80 }
  }
  chain publish {
    dnat ip to ip daddr . meta l4proto . th dport map @ports4
    meta nfproto ipv4 dnat ip to meta l4proto . th dport map @any4
    dnat ip6 to ip6 daddr . meta l4proto . th dport map @ports6
    meta nfproto ipv6 dnat ip6 to meta l4proto . th dport map @any6
  }
  chain raw {
    type filter hook prerouting priority raw; policy accept;
    ip daddr 127.0.0.0/8 iifname != "lo" drop
  }
  chain prerouting {
    type nat hook prerouting priority dstnat; policy accept;
    ip6 daddr ::1 return
    fib daddr type local jump publish
  }
  chain output {
    type nat hook output priority -100; policy accept;
    ip6 daddr ::1 return
    fib daddr type local jump publish
  }
  chain postrouting {
    type nat hook postrouting priority srcnat; policy accept;
    oifname @bridges ip saddr 127.0.0.0/8 masquerade
    ct status dnat oifname . ip saddr @own4 masquerade
    ct status dnat oifname . ip6 saddr @own6 masquerade
    ip saddr @sources4 oifname != @bridges masquerade
    ip6 saddr @sources6 oifname != @bridges masquerade
  }
  chain forward {
    type filter hook forward priority filter; policy accept;
    iifname . oifname @same accept
    iifname @internal drop
    oifname @internal drop
    ct state established,related accept
    oifname @bridges ct status dnat accept
    oifname @bridges drop
    meta nfproto ipv4 iifname @uplinks4 oifname @uplinks4 drop
    meta nfproto ipv6 iifname @uplinks6 oifname @uplinks6 drop
  }
}
`;

const RESOLVER = `
table ip skiff_resolver {
  chain questions {
    type filter hook output priority 150; policy accept;
    oifname "lo" ip daddr 127.0.0.11 udp dport 53 udp dport set 61053
    oifname "lo" ip daddr 127.0.0.11 tcp dport 53 tcp dport set 61053
  }
  chain answers {
    type filter hook output priority raw; policy accept;
    oifname "lo" ip saddr 127.0.0.11 udp sport 61053 udp sport set 53
    oifname "lo" ip saddr 127.0.0.11 tcp sport 61053 tcp sport set 53
  }
}
`;

/** In which everything happens. */
let namespace: NetworkNamespace;
const inside = () => {
  const [nsenter = '', ...entering] = namespace.enter;
  return [nsenter, entering] as const;
};

beforeEach(async () => {
  namespace = await NetworkNamespace.make();
});

afterEach(async () => await namespace.remove());

function run(argv: readonly string[], input: Uint8Array | string = ''): string {
  const [nsenter, entering] = inside();
  return execFileSync(nsenter, [...entering, ...argv], { input, encoding: 'utf8', stdio: 'pipe' });
}

/** Performs messages as one transaction; the errno when the kernel refuses. */
function perform(messages: Uint8Array): string {
  const [nsenter, entering] = inside();
  const { status, stderr } = spawnSync(nsenter, [...entering, HELPER, 'nft', 'batch'], { input: messages });
  return status === 0 ? 'done' : stderr.toString();
}

/** What nft(8) says of the whole ruleset after it read this text in place of everything. */
function asNftShows(text: string): string {
  run(['nft', '-f', '-'], `flush ruleset\n${text}`);
  return run(['nft', 'list', 'ruleset']);
}

/** Lines with the elements of all sets. */
const elements = () =>
  run(['nft', 'list', 'table', 'inet', 'skiff'])
    .split('\n')
    .filter((line) => line.includes('elements = '))
    .map((line) => line.replace(/^.*\{ | \}$/g, ''));

describe('the table of the firewall', () => {
  it('is the one that is written down here', () => {
    expect(perform(ruleset(STATE).messages)).toBe('done');
    const shown = run(['nft', 'list', 'ruleset']);
    expect(shown).toBe(asNftShows(EXPECTED));
  });

  it('is the same the second time, without what was in it before', () => {
    run(['nft', '-f', '-'], 'table inet other { chain c { tcp dport 1 accept; }\n }\n');
    expect(perform(ruleset({ ...STATE, uplinks4: ['wlan0'] }).messages)).toBe('done');
    expect(perform(ruleset(STATE).messages)).toBe('done');
    const other = 'table inet other { chain c { tcp dport 1 accept; }\n }\n';
    expect(run(['nft', 'list', 'ruleset'])).toBe(asNftShows(other + EXPECTED));
  });

  it('holds many networks and ports', () => {
    const networks = Array.from({ length: 200 }, (_, index) =>
      network({ link: `sk-${index}`, subnets: [{ subnet: `10.64.${index}.0/24`, auxiliary: {} }] }),
    );
    const ports = Array.from({ length: 3000 }, (_, index) => ({
      ...port('0.0.0.0', { hostPort: 10_000 + index }),
      containerAddress: '10.64.0.2',
    }));
    expect(perform(ruleset({ ...NOTHING, networks, ports }).messages)).toBe('done');
    expect(run(['nft', 'list', 'map', 'inet', 'skiff', 'any4']).match(/tcp \. /g)).toHaveLength(3000);
  });
});

describe('elements of the table', () => {
  const published = endpoint({
    network: network({ subnets: [SUBNET4, SUBNET6] }),
    address6: 'fd00:1::2',
    ports: [port('0.0.0.0'), port('127.0.0.1', { hostPort: 81 }), port('::'), port('fd00::9')],
  });

  beforeEach(() => {
    perform(ruleset(NOTHING).messages);
  });

  it('of a container can be added twice, and removed', () => {
    expect(perform(publishElements('skiff', published))).toBe('done');
    expect(perform(publishElements('skiff', published))).toBe('done');
    expect(elements()).toEqual([
      '127.0.0.1 . tcp . 81 : 172.18.0.2 . 80',
      'tcp . 8080 : 172.18.0.2 . 80',
      'fd00::9 . tcp . 8080 : fd00:1::2 . 80',
      'tcp . 8080 : fd00:1::2 . 80',
    ]);
    expect(perform(withdrawElements('skiff', published))).toBe('done');
    expect(elements()).toEqual([]);
  });

  it('of a container that are gone are told as missing', () => {
    expect(perform(withdrawElements('skiff', published))).toContain('No such file');
  });

  it('of a container cannot take the port of another one', () => {
    perform(publishElements('skiff', published));
    expect(perform(publishElements('skiff', { ...published, address4: '172.18.0.9' }))).not.toBe('done');
    expect(elements()).toContain('tcp . 8080 : 172.18.0.2 . 80');
  });
});

describe('the rules of a resolver', () => {
  it('are the ones that are written down here', () => {
    expect(perform(resolverRules())).toBe('done');
    const shown = run(['nft', 'list', 'ruleset']);
    expect(shown).toBe(asNftShows(RESOLVER));
  });

  it.each([
    ['without tracking of connections', ''],
    [
      'with it',
      'table ip user { chain c { type nat hook output priority -100; tcp dport 9 redirect to 10; }\n }',
    ],
  ])('leave port 53 to the container, %s', (_title, others) => {
    run(['ip', 'link', 'set', 'lo', 'up']);
    run(['nft', '-f', '-'], others);
    perform(resolverRules());
    const script = join(import.meta.dirname, 'port-53.ts');
    expect(JSON.parse(run([process.execPath, script]))).toEqual({
      '127.0.0.11': { udp: 'resolver from 53', tcp: 'resolver from 53' },
      '127.0.0.1': { udp: 'own from 53', tcp: 'own from 53' },
    });
  });
});

describe('a firewall of others', () => {
  it('is seen when it denies by default', () => {
    perform(ruleset(NOTHING).messages);
    run(
      ['nft', '-f', '-'],
      `table inet firewalld {
        chain in { type filter hook input priority 10; iif lo accept; counter reject with icmpx admin-prohibited; }
        chain fw { type filter hook forward priority 10; tcp dport 9 drop; }
      }
      table ip6 filter { chain FORWARD { type filter hook forward priority 0; policy drop; }; }`.replaceAll(
        '; }',
        ';\n}',
      ),
    );
    const [nsenter, entering] = inside();
    const answers = execFileSync(nsenter, [...entering, HELPER, 'nft', 'get'], {
      input: firewallQuestions(),
    });
    expect(denyingChains(answers, 'skiff')).toEqual([
      { family: 'inet', table: 'firewalld', chain: 'in', hook: 'input', by: 'rule' },
      { family: 'ip6', table: 'filter', chain: 'FORWARD', hook: 'forward', by: 'policy' },
    ]);
  });
});
