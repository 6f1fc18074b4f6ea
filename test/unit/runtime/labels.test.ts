import { describe, expect, it } from 'vitest';
import { apparmorProfile, selinuxContext } from '../../../src/runtime/labels.ts';
import { hostFacts } from './container-options.ts';

function profile(state: 'off' | 'on' | 'docker-default', apparmor?: string, privileged = false) {
  return apparmorProfile({ apparmor, privileged }, hostFacts({ apparmor: () => state }));
}

describe('apparmorProfile', () => {
  it("is Docker's where the host has loaded it, and none of its own elsewhere", () => {
    expect([profile('off'), profile('on'), profile('docker-default')]).toEqual([
      undefined,
      undefined,
      'docker-default',
    ]);
  });

  it('is the one asked for, before that of a privileged container', () => {
    expect(profile('on', 'mine')).toBe('mine');
    expect(profile('docker-default', undefined, true)).toBe('unconfined');
    expect(profile('docker-default', 'mine', true)).toBe('mine');
    expect(profile('docker-default', 'unconfined')).toBe('unconfined');
  });

  it('is refused by its name where there is no AppArmor, but for unconfined', () => {
    expect(profile('off', 'unconfined')).toBeUndefined();
    expect(() => profile('off', 'mine')).toThrow(
      expect.objectContaining({
        kind: 'unsupported',
        subject: 'mine',
        message: expect.stringContaining('"mine"'),
      }),
    );
  });
});

describe('selinuxContext', () => {
  const context = (label: string[], on = true) => selinuxContext({ label }, hostFacts({ selinux: () => on }));

  it('is none unless it is asked for', () => {
    expect(context([])).toBeUndefined();
    expect(context(['disable'], false)).toBeUndefined();
    expect(context(['type:x_t', 'disable'])).toBeUndefined();
  });

  it('puts what is asked for into the usual context of containers', () => {
    expect(context(['type:spc_t'])).toBe('system_u:system_r:spc_t:s0');
    expect(context(['user:u', 'role:r', 'level:s0:c1,c2'])).toBe('u:r:container_t:s0:c1,c2');
  });

  it('is refused where there is no SELinux, and so is what is no label', () => {
    expect(() => context(['type:x_t'], false)).toThrow(
      expect.objectContaining({ kind: 'unsupported', message: expect.stringContaining('"type:x_t"') }),
    );
    for (const word of ['', 'type', 'type:', 'kind:x', 'disabled']) {
      expect(() => context([word])).toThrow(expect.objectContaining({ message: `invalid label "${word}"` }));
    }
  });
});
