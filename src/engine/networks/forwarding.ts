import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { EngineError } from '../../errors.ts';
import { readOwnFile, writeOwnFile } from '../../host/own-file.ts';
import type { StorePaths } from '../../host/paths.ts';
import type { NetworkDefinition } from '../../network/address/definition.ts';
import { subnetOf } from '../../network/address/subnet-of.ts';
import type { BridgePort } from '../../network/files/network-file.ts';

const FOUR = '/proc/sys/net/ipv4/ip_forward';
const SIX = '/proc/sys/net/ipv6/conf/all/forwarding';
const SWITCHES = { 4: FOUR, 6: SIX } as const;

/**
 * Lets the host forward packets, which containers on bridges need. Where it did not, it should not become a router for
 * everybody: the interfaces that are there at that moment are noted, and the firewall keeps forwarding nothing between
 * them. Throws `denied` when it cannot.
 */
export function enableForwarding(
  paths: StorePaths,
  networks: readonly NetworkDefinition[],
  ports: readonly Pick<BridgePort, 'hostInterface'>[],
): void {
  const missing = missingForwarding(networks).map((family) => SWITCHES[family]);
  if (missing.length === 0) return;
  const links = [...networks.map(({ link }) => link), ...ports.map(({ hostInterface }) => hostInterface)];
  const uplinks = linkNames().filter((name) => name !== 'lo' && !links.includes(name));
  if (missing.includes(SIX)) uplinks.forEach(keepRouters);
  for (const file of missing) {
    writeUplinks(paths[file === FOUR ? 'uplinks4' : 'uplinks6'], uplinks);
    switchOn(file);
  }
}

/** The families of which containers on these networks need packets forwarded, and the host forwards none. */
export function missingForwarding(networks: readonly NetworkDefinition[]): (4 | 6)[] {
  const open = networks.filter(({ driver, internal }) => driver === 'bridge' && !internal);
  const needs = (family: 4 | 6): boolean =>
    open.some(({ subnets }) => subnetOf(subnets, family) !== undefined);
  return ([4, 6] as const).filter((family) => needs(family) && isOff(SWITCHES[family]));
}

/** The interfaces between which nothing of a family is forwarded. */
export function readUplinks(paths: StorePaths, family: 4 | 6): string[] {
  return (readOwnFile(paths[`uplinks${family}`]) ?? '').split('\n').filter((name) => name !== '');
}

/** Writes the file of uplinks in one step, as somebody may be making the firewall's rules from it just now. */
function writeUplinks(file: string, uplinks: readonly string[]): void {
  const draft = `${file}.${process.pid}`;
  writeOwnFile(draft, uplinks.join('\n'), 0o600);
  renameSync(draft, file);
}

/** ip-sysctl: a host that forwards IPv6 no longer listens to routers, unless it is told to (2). */
function keepRouters(link: string): void {
  const file = `/proc/sys/net/ipv6/conf/${link}/accept_ra`;
  if (readOr(file, '').trim() === '1') switchOn(file, '2');
}

function switchOn(file: string, value = '1'): void {
  try {
    writeFileSync(file, value);
  } catch (cause) {
    throw new EngineError('denied', `cannot let this host forward packets: ${(cause as Error).message}`, {
      subject: file,
      cause,
      hint: `write 1 to ${file} as the host's administrator, or use --network none or host`,
    });
  }
}

function isOff(file: string): boolean {
  return readOr(file, '1').trim() === '0';
}

/** Lists the links of this process's network namespace, which sysfs need not show. */
function linkNames(): string[] {
  return [...readOr('/proc/net/dev', '').matchAll(/^\s*([^\s:|]+):/gm)].map(([, name]) => name ?? '');
}

function readOr(file: string, fallback: string): string {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return fallback;
  }
}
