import { EngineError } from '../../errors.ts';
import type { DeviceRuleSpec } from '../../oci/runtime-config.ts';
import type { PlanRecord } from '../record.ts';
import { deviceProgram } from './device-program.ts';
import type { Cgroup } from './paths.ts';

/**
 * Puts the rules about devices into force: lines for the devices controller of v1, an eBPF program for v2. Of several
 * rules that fit the last one counts. Rules that deny nothing need nothing: a new cgroup may what its parent may.
 */
export function deviceRecords({ version, path }: Cgroup, rules: readonly DeviceRuleSpec[]): PlanRecord[] {
  if (rules.every(({ allow }) => allow)) return [];
  if (version === 'v2') return [['device-program', path, deviceProgram(rules)]];
  return linesV1(rules).map(({ allow, line }) => [
    'write',
    `${path}/devices.${allow ? 'allow' : 'deny'}`,
    line,
  ]);
}

interface Line {
  allow: boolean;
  line: string;
}

/**
 * The controller of v1 has one answer for all and a list of exceptions to it (kernel's cgroup-v1/devices.rst): a rule
 * that agrees with the answer only strikes out exceptions that are worded alike, so it cannot follow those it overlaps.
 */
function linesV1(rules: readonly DeviceRuleSpec[]): Line[] {
  const lines: Line[] = [];
  let answer = true;
  for (const rule of rules) {
    if (isForAll(rule)) {
      answer = rule.allow;
      lines.length = 0;
      lines.push({ allow: answer, line: 'a' });
    } else if (rule.allow !== answer) {
      lines.push(...linesOf(rule));
    } else if (lines.some(({ allow }) => allow !== answer)) {
      throw notExpressible(rule);
    }
  }
  return lines;
}

/** Whether a rule is for every device and every access. */
export function isForAll({ type = 'a', major, minor, access = 'rwm' }: DeviceRuleSpec): boolean {
  return (
    type === 'a' &&
    major === undefined &&
    minor === undefined &&
    /r/.test(access) &&
    /w/.test(access) &&
    /m/.test(access)
  );
}

/**
 * Returns the lines of a rule. To the kernel `a` means all, whatever else the line says: a rule of both types has a
 * line for each, then.
 */
function linesOf({ allow, type = 'a', major, minor, access = 'rwm' }: DeviceRuleSpec): Line[] {
  const types = type === 'a' ? ['c', 'b'] : [type];
  return types.map((one) => ({ allow, line: `${one} ${major ?? '*'}:${minor ?? '*'} ${access}` }));
}

function notExpressible({ allow, type = 'a', major, minor, access = 'rwm' }: DeviceRuleSpec): EngineError {
  const rule = `${type} ${major ?? '*'}:${minor ?? '*'} ${access}`;
  return new EngineError(
    'unsupported',
    `the device rule "${rule}" cannot ${allow ? 'allow' : 'deny'} part of what an earlier rule says on cgroup v1`,
    { subject: rule },
  );
}
