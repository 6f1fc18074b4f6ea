import { describe, expect, it } from 'vitest';
import type { DeviceRuleSpec } from '../../../../src/oci/runtime-config.ts';
import { deviceProgram } from '../../../../src/runtime/cgroup/device-program.ts';
import { deviceRecords } from '../../../../src/runtime/cgroup/devices.ts';
import { runDeviceProgram } from '../../../helpers/bpf.ts';

/** `c 1:3 rw` as a request; true when the program allows it. */
function allowed(rules: readonly DeviceRuleSpec[], request: string): boolean {
  const [, type = '', major, minor, access = ''] = /^([bc]) (\d+):(\d+) (\w+)$/.exec(request) ?? [];
  const result = runDeviceProgram(deviceProgram(rules), {
    type: type as 'b' | 'c',
    major: Number(major),
    minor: Number(minor),
    access,
  });
  return result === 1;
}

const DENY_ALL: DeviceRuleSpec = { allow: false, access: 'rwm' };
const NULL: DeviceRuleSpec = { allow: true, type: 'c', major: 1, minor: 3, access: 'rwm' };

describe('a device program', () => {
  it('allows what a rule names and nothing else', () => {
    const rules = [DENY_ALL, NULL, { allow: true, type: 'c', major: 136, access: 'rw' } as const];
    expect(allowed(rules, 'c 1:3 rw')).toBe(true);
    expect(allowed(rules, 'c 1:3 m')).toBe(true);
    expect(allowed(rules, 'c 1:4 r')).toBe(false);
    expect(allowed(rules, 'b 1:3 r')).toBe(false);
    expect(allowed(rules, 'c 136:7 rw')).toBe(true);
    expect(allowed(rules, 'c 136:7 m')).toBe(false);
  });

  it('denies what no rule names', () => {
    expect(allowed([NULL], 'c 1:5 r')).toBe(false);
    expect(allowed([], 'c 1:3 r')).toBe(false);
  });

  it('lets the last rule that fits count', () => {
    const rules: DeviceRuleSpec[] = [DENY_ALL, { allow: true, type: 'c' }, { ...NULL, allow: false }];
    expect(allowed(rules, 'c 1:3 r')).toBe(false);
    expect(allowed(rules, 'c 1:4 r')).toBe(true);
    expect(allowed([...rules, NULL], 'c 1:3 r')).toBe(true);
    expect(allowed([...rules, DENY_ALL], 'c 1:4 r')).toBe(false);
  });

  it('asks for all of a request to be allowed, and for any of it to be denied', () => {
    const reading: DeviceRuleSpec[] = [DENY_ALL, { ...NULL, access: 'r' }];
    expect(allowed(reading, 'c 1:3 r')).toBe(true);
    expect(allowed(reading, 'c 1:3 rw')).toBe(false);
    const notWriting: DeviceRuleSpec[] = [{ allow: true }, { ...NULL, allow: false, access: 'w' }];
    expect(allowed(notWriting, 'c 1:3 r')).toBe(true);
    expect(allowed(notWriting, 'c 1:3 rw')).toBe(false);
  });

  it('never fits a number that no device has', () => {
    expect(allowed([{ ...NULL, major: 0xffffffff }], 'c 1:3 r')).toBe(false);
  });
});

describe('rules about devices on v1', () => {
  const lines = (rules: DeviceRuleSpec[]) =>
    deviceRecords({ version: 'v1', path: '/d' }, rules).map(([, file, line]) => [file, line]);

  it('deny all, then allow line by line', () => {
    expect(lines([DENY_ALL, NULL, { allow: true, type: 'b', access: 'm' }])).toEqual([
      ['/d/devices.deny', 'a'],
      ['/d/devices.allow', 'c 1:3 rwm'],
      ['/d/devices.allow', 'b *:* m'],
    ]);
  });

  it('are of both types when they are of any, as `a` means all to the kernel', () => {
    expect(lines([DENY_ALL, { allow: true, type: 'a', major: 7, access: 'r' }])).toEqual([
      ['/d/devices.deny', 'a'],
      ['/d/devices.allow', 'c 7:* r'],
      ['/d/devices.allow', 'b 7:* r'],
    ]);
  });

  it('are not written when they deny nothing', () => {
    expect(lines([{ allow: true }])).toEqual([]);
    expect(deviceRecords({ version: 'v2', path: '/d' }, [{ allow: true }])).toEqual([]);
  });

  it('are refused where the controller would not do what they say', () => {
    expect(() => lines([DENY_ALL, { allow: true, type: 'c' }, { ...NULL, allow: false }])).toThrow(
      expect.objectContaining({ kind: 'unsupported', subject: 'c 1:3 rwm' }),
    );
  });
});
