import { CAPABILITIES } from '../../runtime/spec/capabilities.ts';
import type { IdRange } from '../options/create.ts';
import type { PreparedContainer } from '../prepare/container.ts';
import { containerById } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { argumentOf, argumentsOf, type PlanSections } from './sections.ts';

/** A namespace: one that is made, the host's, or that of a container. */
export interface ExplainedNamespace {
  type: 'mount' | 'pid' | 'network' | 'ipc' | 'uts' | 'cgroup' | 'user' | 'time';
  how: 'new' | 'host' | 'joined';
  /** With `joined`: the name of the container. */
  container?: string | undefined;
  isAsked: boolean;
}

/** The rights of the command. */
export interface ExplainedSecurity {
  isPrivileged: boolean;
  /** What it may have at most, and what it begins with. */
  bounding: string[];
  effective: string[];
  added: string[];
  dropped: string[];
  noNewPrivileges: boolean;
  /** `builtin`, `unconfined`, or the file of the profile. */
  seccomp: string;
  apparmor?: string | undefined;
  selinux?: string | undefined;
  /** Paths below /proc and /sys, as far as the kernel has them. */
  masked: string[];
  readOnly: string[];
}

const TYPES = ['mount', 'pid', 'network', 'ipc', 'uts', 'cgroup', 'user', 'time'] as const;

/** The namespaces in the plan's words, and all others, which are the host's. */
export function explainNamespaces(
  { database }: Context,
  { options: { namespaces: kept } }: Pick<PreparedContainer, 'options'>,
  { general }: PlanSections,
  asked: PreparedContainer['options']['namespaces'],
): ExplainedNamespace[] {
  const made = argumentsOf(general, 'namespace').map(([name]) => name);
  const joined = argumentsOf(general, 'join').map(([name]) => name);
  return TYPES.map((type) => {
    const name = type === 'network' ? 'net' : type;
    const how = made.includes(name) ? 'new' : joined.includes(name) ? 'joined' : 'host';
    const shared = type === 'mount' || type === 'time' ? undefined : kept[type];
    const id =
      how === 'joined' && typeof shared === 'object' && 'container' in shared ? shared.container : '';
    const container = id === '' ? undefined : (containerById(database, id)?.name ?? id);
    return { type, how, ...(container === undefined ? {} : { container }), isAsked: isAsked(type, asked) };
  });
}

/** Of the network something is always said: `networks` is what the faces say when nobody does. */
function isAsked(
  type: ExplainedNamespace['type'],
  asked: PreparedContainer['options']['namespaces'],
): boolean {
  if (type === 'mount') return false;
  if (type === 'time') return asked.timeOffsets !== undefined;
  return type === 'network' ? asked.network !== 'networks' : asked[type] !== undefined;
}

/** The ids of a user namespace; undefined: none is made. */
export function explainIdMaps({ general }: PlanSections): { uids: IdRange[]; gids: IdRange[] } | undefined {
  const ranges = (op: string): IdRange[] =>
    argumentsOf(general, op).map(([inside, outside, count]) => ({
      inside: Number(inside),
      outside: Number(outside),
      count: Number(count),
    }));
  const [uids, gids] = [ranges('uid-map'), ranges('gid-map')];
  return uids.length + gids.length === 0 ? undefined : { uids, gids };
}

/** Reads the rights from the plan; what was asked for from the options. */
export function explainSecurity(
  { options: { security } }: Pick<PreparedContainer, 'options'>,
  { general, init, process: records }: PlanSections,
): ExplainedSecurity {
  const [bounding = '0', , , effective = '0'] = argumentsOf(records, 'capabilities')[0] ?? [];
  const { privileged = false, capAdd = [], capDrop = [], seccomp = 'builtin' } = security;
  const labels = new Map(argumentsOf(general, 'label').map(([kind, label]) => [kind, label]));
  const isFiltered = general.some(([op]) => op === 'seccomp');
  return {
    isPrivileged: privileged,
    bounding: capabilitiesOf(bounding),
    effective: capabilitiesOf(effective),
    added: [...capAdd],
    dropped: [...capDrop],
    noNewPrivileges: records.some(([op]) => op === 'no-new-privileges'),
    seccomp: isFiltered ? (typeof seccomp === 'object' ? seccomp.source : seccomp) : 'unconfined',
    apparmor: labels.get('apparmor'),
    selinux: labels.get('selinux'),
    masked: argumentsOf(init, 'mask').flatMap(([path]) => path ?? []),
    readOnly: argumentsOf(init, 'readonly').flatMap(([path]) => path ?? []),
  };
}

/** Names of a mask in hexadecimal, in the order of the bits. */
function capabilitiesOf(mask: string): string[] {
  const bits = BigInt(`0x${mask}`);
  return CAPABILITIES.filter((_, bit) => ((bits >> BigInt(bit)) & 1n) === 1n);
}

/** The host name and domain name that are set; undefined: those of a shared namespace. */
export function explainNames({ init }: PlanSections): { hostname?: string; domainname?: string } {
  const [hostname, domainname] = [argumentOf(init, 'hostname'), argumentOf(init, 'domainname')];
  return {
    ...(hostname === undefined ? {} : { hostname }),
    ...(domainname === undefined ? {} : { domainname }),
  };
}
