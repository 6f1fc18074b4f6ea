import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { LONG } from '../helpers/long.ts';
import { NetworkNamespace } from '../helpers/network-namespace.ts';
import { useStore } from '../helpers/skiff.ts';

const CONTAINERS = LONG ? 200 : 60;
const NETWORKS = LONG ? 50 : 20;
const AT_A_TIME = 8;
const SCALE_MS = 300_000;

const store = useStore();
const busybox = useBusybox(store);

let host: NetworkNamespace;
beforeAll(async () => {
  host = await NetworkNamespace.make();
  host.run('ip', 'link', 'set', 'lo', 'up');
});
afterAll(() => host.remove());

const skiff = (...words: string[]) => store.ok(words, { through: host.enter });
const crowd = numbered('crowd', CONTAINERS);
const networks = numbered('net', NETWORKS);

describe('many containers and networks', () => {
  it(
    'know each other by name, share a fixed number of rules, and leave nothing',
    async () => {
      await skiff('network', 'create', 'crowd');
      await skiff('run', '--rm', '--network', 'crowd', busybox, 'true');
      const rules = countRules();

      for (const name of networks) await skiff('network', 'create', name);
      await inParallel(crowd, async (name, index) => {
        const second = networks[index] === undefined ? [] : ['--network', networks[index]];
        const options = ['-d', '--name', name, '--network', 'crowd', ...second, '-p', '127.0.0.1::80'];
        await skiff('run', ...options, busybox, 'sleep', '10000');
      });

      expect(countRules()).toBe(rules);
      expect(elements('ports4')).toBe(CONTAINERS);
      expect(elements('bridges')).toBe(NETWORKS + 1);
      expect(host.links()).toHaveLength(CONTAINERS + NETWORKS + NETWORKS + 1);

      const leases = await leasedAddresses();
      expect([...leases.keys()].sort()).toEqual(crowd.toSorted());
      expect(new Set(leases.values()).size).toBe(CONTAINERS);
      expect(await resolved('crowd-1', crowd)).toEqual(crowd.map((name) => [name, leases.get(name)]));

      await skiff('rm', '-f', ...crowd);
      expect(elements('ports4')).toBe(0);
      // The kernel takes network namespaces apart, and their links with them, after their last process has gone.
      await expect.poll(() => host.links(), { timeout: SCALE_MS }).toHaveLength(NETWORKS + 1);
      expect(rows('address_lease') + rows('port_lease')).toBe(0);
      expect(namesFiles()).toEqual([]);

      await skiff('network', 'rm', 'crowd', ...networks);
      expect(host.links()).toEqual([]);
      expect(ruleset().filter((object) => 'table' in object)).toEqual([]);
    },
    SCALE_MS,
  );
});

function numbered(prefix: string, count: number): string[] {
  return Array.from({ length: count }, (_, index) => `${prefix}-${index + 1}`);
}

/** Does something for each, several at a time, beginning with the first. */
async function inParallel<Item>(
  items: readonly Item[],
  act: (item: Item, index: number) => Promise<void>,
): Promise<void> {
  const waiting = items.entries();
  const worker = async () => {
    for (const [index, item] of waiting) await act(item, index);
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, worker));
}

/** `nft --json` of everything that is there. */
function ruleset(): Record<string, { name?: string; elem?: unknown[] }>[] {
  return JSON.parse(host.run('nft', '--json', 'list', 'ruleset')).nftables;
}

function countRules(): number {
  return ruleset().filter((object) => 'rule' in object).length;
}

/** How many elements a set or map has. */
function elements(name: string): number {
  const found = ruleset()
    .map(({ set, map }) => set ?? map)
    .find((set) => set?.name === name);
  expect(found, name).toBeDefined();
  return found?.elem?.length ?? 0;
}

/** By container: its address on the network `crowd`. */
async function leasedAddresses(): Promise<Map<string, string>> {
  const [network] = JSON.parse(await skiff('network', 'inspect', 'crowd'));
  const members = Object.values(network.Containers) as { Name: string; IPv4Address: string }[];
  return new Map(members.map(({ Name, IPv4Address }) => [Name, IPv4Address.replace(/\/.*/, '')]));
}

/** What a container is told when it asks for each name: pairs of name and address. */
async function resolved(container: string, names: readonly string[]): Promise<string[][]> {
  const script = `for name in ${names.join(' ')}; do nslookup $name.crowd; done`;
  const answers = await skiff('exec', container, 'sh', '-c', script);
  return [...answers.matchAll(/^Name:\s+(\S+)\.crowd\nAddress: (\S+)$/gm)].map(
    ([, name = '', address = '']) => [name, address],
  );
}

function rows(table: 'address_lease' | 'port_lease'): number {
  const database = new DatabaseSync(join(store.root, 'state.db'), { readOnly: true });
  try {
    return Number(database.prepare(`SELECT count(*) AS count FROM ${table}`).get()?.['count']);
  } finally {
    database.close();
  }
}

/** What resolvers still read of containers. */
function namesFiles(): string[] {
  const names = join(store.runRoot, 'names');
  if (!existsSync(names)) return [];
  return readdirSync(names, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);
}
