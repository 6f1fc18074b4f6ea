import { EngineError } from '../../errors.ts';
import { nearestName } from '../../nearest-name.ts';
import type { RlimitSpec } from '../../oci/runtime-config.ts';
import type { RlimitOption } from '../options.ts';
import type { HostFacts } from './host-facts.ts';

/** The resources in the order of their numbers, the same on x86-64 and arm64 (getrlimit(2), asm-generic/resource.h). */
const RESOURCES = [
  'cpu',
  'fsize',
  'data',
  'stack',
  'core',
  'rss',
  'nproc',
  'nofile',
  'memlock',
  'as',
  'locks',
  'sigpending',
  'msgqueue',
  'nice',
  'rtprio',
  'rttime',
];

/** Docker leaves the limit of the address space out: it would meet the runtime, too. */
const NAMES = RESOURCES.filter((name) => name !== 'as');

const OPEN_FILES = 'nofile';

/**
 * The limit of open files, as systemd and Docker have it today: low for those who use select(2), and each program may
 * ask for more.
 */
const DEFAULT_OPEN_FILES = { soft: 1024, hard: 524_288 };

/**
 * RLIM_INFINITY as the runtime spec writes it is 2^64 - 1, which no number of JSON read by JavaScript is: this is the
 * largest one that still fits into 64 bits. The plan says the true one.
 */
export const UNLIMITED = 2 ** 64 - 2048;

/**
 * The limits of a container: those asked for, and Docker's of open files as far as this process could go. Throws
 * `invalid` for a name that `--ulimit` does not know and for a soft limit above the hard one, `denied` for a hard
 * limit above this process's own without CAP_SYS_RESOURCE.
 */
export function rlimitSpecs(options: readonly RlimitOption[], host: HostFacts): RlimitSpec[] {
  if (options.length === 0) return [defaultOpenFiles(host.openFiles)];
  const limits = new Map([[OPEN_FILES, defaultOpenFiles(host.openFiles)]]);
  for (const option of options) limits.set(option.name, checkedLimit(option, host));
  return [...limits.values()];
}

function defaultOpenFiles(possible: number): RlimitSpec {
  const hard = Math.min(DEFAULT_OPEN_FILES.hard, possible);
  return { type: typeOf(OPEN_FILES), soft: Math.min(DEFAULT_OPEN_FILES.soft, hard), hard };
}

function checkedLimit({ name, soft, hard }: RlimitOption, host: HostFacts): RlimitSpec {
  if (!NAMES.includes(name)) throw unknownResource(name);
  if (!isLimit(soft) || !isLimit(hard)) {
    throw invalid(name, `the limit ${name}=${soft}:${hard} is not a number from 0, nor -1 for unlimited`);
  }
  const limit = { type: typeOf(name), soft: finite(soft), hard: finite(hard) };
  if (limit.soft > limit.hard) {
    throw invalid(
      name,
      `the soft limit of ${name} is to be at most the hard one: ${worded(soft)} is above ${worded(hard)}`,
    );
  }
  const own = host.hardLimit(RESOURCES.indexOf(name));
  if (limit.hard > own && !host.exceedsLimits()) throw tooHigh(name, hard, own);
  return limit;
}

function isLimit(value: number): boolean {
  return value === -1 || (Number.isSafeInteger(value) && value >= 0);
}

function finite(value: number): number {
  return value === -1 ? UNLIMITED : value;
}

function worded(value: number): string {
  return value === -1 ? 'unlimited' : String(value);
}

function typeOf(name: string): string {
  return `RLIMIT_${name.toUpperCase()}`;
}

function unknownResource(name: string): EngineError {
  const near = nearestName(name, NAMES);
  return new EngineError('invalid', `unknown resource limit "${name}"`, {
    subject: name,
    hint: near === undefined ? `known are ${NAMES.join(', ')}` : `did you mean ${near}?`,
  });
}

function invalid(subject: string, message: string): EngineError {
  return new EngineError('invalid', message, {
    subject,
    hint: 'write NAME=SOFT[:HARD], as in nofile=1024:4096',
  });
}

function tooHigh(name: string, hard: number, own: number): EngineError {
  return new EngineError(
    'denied',
    `the limit of ${name} cannot be ${worded(hard)}: skiff itself has ${own} and may not exceed it`,
    { subject: name, hint: `ask for ${own} at most, or run skiff with CAP_SYS_RESOURCE` },
  );
}

/** `nofile` for 7; undefined for a number that is no resource. */
export function resourceName(number: number): string | undefined {
  return RESOURCES[number];
}

/** The arguments of a plan's `rlimit`: number of the resource, soft, hard. */
export function rlimitRecord({ type, soft, hard }: RlimitSpec): ['rlimit', string, string, string] {
  const number = RESOURCES.indexOf(type.replace('RLIMIT_', '').toLowerCase());
  return ['rlimit', String(number), kernelLimit(soft), kernelLimit(hard)];
}

function kernelLimit(value: number): string {
  return value >= UNLIMITED ? '18446744073709551615' : String(value);
}
