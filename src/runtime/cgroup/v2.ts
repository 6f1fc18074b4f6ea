import type { BlockIOSpec, CpuSpec, MemorySpec } from '../../oci/runtime-config.ts';
import type { PlanRecord } from '../record.ts';
import { requireBfq } from './block-scheduler.ts';
import { cannotBeHonoured } from './refusals.ts';
import type { AskedLimits, CgroupFiles, Place } from './types.ts';

/** The period that the kernel takes when only the quota is given, in µs (cgroup-v2.rst, "cpu.max"). */
const DEFAULT_PERIOD_US = 100_000;

/** The writes of one group of limits on v2 (kernel's cgroup-v2.rst), values mapped from those of v1 as runc does it. */
export function limitsV2(
  asked: AskedLimits,
  { place: { path, root }, files }: { place: Place; files: CgroupFiles },
): PlanRecord[] {
  switch (asked.controller) {
    case 'memory':
      return memory(asked.memory, path);
    case 'cpu':
      return cpu(asked.cpu, path);
    case 'cpuset':
      return texts(path, { 'cpuset.cpus': asked.cpu.cpus, 'cpuset.mems': asked.cpu.mems });
    case 'pids':
      return texts(path, { 'pids.max': maximum(asked.pids.limit) });
    case 'blkio':
      return [...weights(asked.blockIO, { path, root, files }), ...throttles(asked.blockIO, path)];
  }
}

/** Swap is counted apart. As much swap as memory is Docker's addition, and a favour; anything else was asked for. */
function memory(spec: MemorySpec, path: string): PlanRecord[] {
  const { limit, reservation, swap, swappiness, disableOOMKiller } = spec;
  if (swappiness !== undefined) throw cannotBeHonoured('swappiness', 'cgroup v2 has no such thing');
  if (disableOOMKiller === true) throw cannotBeHonoured('oomKill', 'cgroup v2 has no such thing');
  const records = texts(path, { 'memory.max': maximum(limit) });
  if (swap !== undefined) {
    const isFavour = swap === -1 || swap === 2 * (limit ?? 0);
    const value = swap === -1 ? 'max' : String(swap - (limit ?? 0));
    records.push([isFavour ? 'write-optional' : 'write', `${path}/memory.swap.max`, value]);
  }
  return [...records, ...texts(path, { 'memory.low': maximum(reservation) })];
}

function cpu({ shares, quota, period }: CpuSpec, path: string): PlanRecord[] {
  const isLimited = quota !== undefined || period !== undefined;
  const budget = quota !== undefined && quota > 0 ? String(quota) : 'max';
  return texts(path, {
    'cpu.weight': shares === undefined ? undefined : String(weightOfShares(shares)),
    'cpu.max': isLimited ? `${budget} ${period ?? DEFAULT_PERIOD_US}` : undefined,
  });
}

/**
 * `cpu.weight` (1 to 10000) for `cpu.shares` (2 to 262144), by the curve that runc 1.3.2 and crun 1.23 have taken: a
 * parabola of logarithms through both ends and through the defaults, 1024 shares and a weight of 100.
 */
export function weightOfShares(shares: number): number {
  if (shares <= 2) return 1;
  if (shares >= 262_144) return 10_000;
  const bits = Math.log2(shares);
  return Math.ceil(10 ** ((bits * bits + 125 * bits) / 612 - 7 / 34));
}

/** `io.weight` (1 to 10000) for a weight of 10 to 1000, on a straight line. */
function ioWeight(weight: number): number {
  return 1 + Math.floor(((weight - 10) * 9999) / 990);
}

/**
 * BFQ takes the weights of v1 (`io.bfq.weight`), the cost model has its own (`io.weight`), and which of them a disk obeys
 * is the administrator's choice: both are told. The root has no weight to be seen; that there is a cost model it shows.
 */
function weights(
  { weight, weightDevice = [] }: BlockIOSpec,
  { path, root, files }: { path: string; root: string; files: CgroupFiles },
): PlanRecord[] {
  const amounts = [
    ...(weight === undefined ? [] : [{ device: '', weight }]),
    ...weightDevice.map((one) => ({ device: `${one.major}:${one.minor} `, weight: one.weight })),
  ];
  if (amounts.length === 0) return [];
  const hasCostModel = files.exists(`${root}/io.cost.qos`) || files.exists(`${root}/io.weight`);
  if (!hasCostModel) requireBfq(weightDevice, files);
  const forBfq = hasCostModel ? 'write-optional' : 'write';
  return amounts.flatMap((amount): PlanRecord[] => [
    [forBfq, `${path}/io.bfq.weight`, `${amount.device}${amount.weight}`],
    ...(hasCostModel
      ? ([['write', `${path}/io.weight`, `${amount.device}${ioWeight(amount.weight)}`]] as const)
      : []),
  ]);
}

const THROTTLES = [
  ['throttleReadBpsDevice', 'rbps'],
  ['throttleWriteBpsDevice', 'wbps'],
  ['throttleReadIOPSDevice', 'riops'],
  ['throttleWriteIOPSDevice', 'wiops'],
] as const;

/** Makes a line for each limit: the kernel keeps what a line does not name. A rate of zero is no limit, as on v1. */
function throttles(spec: BlockIOSpec, path: string): PlanRecord[] {
  return THROTTLES.flatMap(([name, key]) =>
    (spec[name] ?? []).map(
      ({ major, minor, rate }): PlanRecord => [
        'write',
        `${path}/io.max`,
        `${major}:${minor} ${key}=${rate === 0 ? 'max' : rate}`,
      ],
    ),
  );
}

function maximum(value: number | undefined): string | undefined {
  if (value === undefined) return undefined;
  return value < 0 ? 'max' : String(value);
}

function texts(path: string, values: Readonly<Record<string, string | undefined>>): PlanRecord[] {
  return Object.entries(values).flatMap(([name, value]): PlanRecord[] =>
    value === undefined ? [] : [['write', `${path}/${name}`, value]],
  );
}
