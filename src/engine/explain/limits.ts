import { resourceName } from '../../runtime/spec/rlimits.ts';
import type { PreparedContainer } from '../prepare/container.ts';
import { argumentsOf, type PlanSections } from './sections.ts';

/** The cgroups of a container, as this host's hierarchies have them. */
export interface ExplainedCgroup {
  /** One in each hierarchy that it joins. */
  directories: { version: string; path: string }[];
  /** Where its limits hold for its monitor as well. */
  monitor: { version: string; path: string }[];
  /** In order. What is optional is a favour: a kernel that does not have it is no obstacle. */
  writes: CgroupWrite[];
  /** Of v2: directories with a program that knows the rules about devices, as `devices` of the runtime spec says them. */
  devicePrograms: string[];
  /** The rules about devices, the last one that fits wins: `allow c 1:3 rwm`. */
  deviceRules: string[];
}

export interface CgroupWrite {
  file: string;
  /** Absent: that of `from`. */
  value?: string | undefined;
  from?: string | undefined;
  isOptional?: boolean | undefined;
}

/** `unlimited` is what the kernel calls RLIM_INFINITY. */
export interface ExplainedRlimit {
  name: string;
  soft: string;
  hard: string;
  isAsked: boolean;
}

/** Reads cgroups and writes from the plan, the rules about devices from the `config.json`. */
export function explainCgroup(
  { config }: Pick<PreparedContainer, 'config'>,
  { general, setup }: PlanSections,
): ExplainedCgroup {
  const place = ([version = '', path = '']: readonly string[]) => ({ version, path });
  return {
    directories: argumentsOf(general, 'cgroup').map(place),
    monitor: argumentsOf(general, 'monitor-cgroup').map(place),
    writes: setup.flatMap(([op, first = '', second = '']): CgroupWrite[] => {
      if (op === 'copy-value') return [{ file: second, from: first }];
      if (op === 'write') return [{ file: first, value: second }];
      return op === 'write-optional' ? [{ file: first, value: second, isOptional: true }] : [];
    }),
    devicePrograms: argumentsOf(setup, 'device-program').flatMap(([path]) => path ?? []),
    deviceRules: deviceRules(config),
  };
}

interface Rule {
  allow: boolean;
  type?: string;
  major?: number;
  minor?: number;
  access?: string;
}

function deviceRules(config: string): string[] {
  const { linux } = JSON.parse(config) as { linux: { resources: { devices?: Rule[] } } };
  return (linux.resources.devices ?? []).map(
    ({ allow, type = 'a', major, minor, access = 'rwm' }) =>
      `${allow ? 'allow' : 'deny'} ${type} ${major ?? '*'}:${minor ?? '*'} ${access}`,
  );
}

const INFINITY = '18446744073709551615';

/** Limits of the process (setrlimit(2)). */
export function explainRlimits(
  { options: { process: asked } }: Pick<PreparedContainer, 'options'>,
  { process: records }: PlanSections,
): ExplainedRlimit[] {
  const limit = (text = '') => (text === INFINITY ? 'unlimited' : text);
  return argumentsOf(records, 'rlimit').map(([number, soft, hard]) => {
    const name = resourceName(Number(number)) ?? String(number);
    const isAsked = asked.rlimits?.some((one) => one.name === name) === true;
    return { name, soft: limit(soft), hard: limit(hard), isAsked };
  });
}
