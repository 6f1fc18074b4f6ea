import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { PROFILE_FEATURES, profileText } from '../../../../src/runtime/spec/apparmor-profile.ts';
import { bestProfile } from '../../../../src/runtime/spec/host-facts.ts';
import type { AppArmorState } from '../../../../src/runtime/spec/lsm.ts';
import {
  apparmorProfile,
  lacksOwnProfile,
  OWN_PROFILE,
  selinuxContext,
  usualProfile,
} from '../../../../src/runtime/spec/lsm.ts';
import { hostFacts } from '../container-options.ts';

const STATES = ['off', 'unseen', 'none', 'docker-default', 'own'] as const;

function profile(state: AppArmorState, apparmor?: string, privileged = false) {
  return apparmorProfile({ apparmor, privileged }, hostFacts({ apparmor: state }));
}

describe('apparmorProfile', () => {
  it("is skiff's own where the kernel has it, Docker's where it has only that, and none elsewhere", () => {
    expect(STATES.map((state) => profile(state))).toEqual([
      undefined,
      undefined,
      undefined,
      'docker-default',
      OWN_PROFILE,
    ]);
  });

  it('is the one asked for, before that of a privileged container', () => {
    expect(profile('none', 'mine')).toBe('mine');
    expect(profile('own', undefined, true)).toBe('unconfined');
    expect(profile('own', 'mine', true)).toBe('mine');
    expect(profile('own', 'unconfined')).toBe('unconfined');
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

describe("skiff's AppArmor profile", () => {
  const lacks = (state: AppArmorState, apparmor?: string, privileged = false) =>
    lacksOwnProfile({ apparmor, privileged }, hostFacts({ apparmor: state }));

  it('is loaded where the kernel lists profiles and this is none of them', () => {
    expect(STATES.filter((state) => lacks(state))).toEqual(['none', 'docker-default']);
  });

  it('is loaded only for containers that are to run under it', () => {
    expect(lacks('none', undefined, true)).toBe(false);
    expect(lacks('none', 'unconfined')).toBe(false);
    expect(lacks('none', 'mine')).toBe(false);
    expect(lacks('none', OWN_PROFILE)).toBe(true);
    expect(lacks('none', OWN_PROFILE, true)).toBe(true);
  });

  it('is what containers will run under where it can be loaded, even before it is', () => {
    const usual = (canLoad: boolean) => STATES.map((state) => usualProfile(state, { canLoad }));
    expect(usual(true)).toEqual([undefined, undefined, OWN_PROFILE, OWN_PROFILE, OWN_PROFILE]);
    expect(usual(false)).toEqual([undefined, undefined, undefined, 'docker-default', OWN_PROFILE]);
  });

  it('is found in the list of a kernel by its whole name', () => {
    expect(bestProfile(undefined)).toBe('unseen');
    expect(bestProfile('')).toBe('none');
    expect(bestProfile(`lsb_release (enforce)\nmy-${OWN_PROFILE} (enforce)\n`)).toBe('none');
    expect(bestProfile(`${OWN_PROFILE}0 (enforce)\ndocker-default (complain)\n`)).toBe('docker-default');
    expect(bestProfile(`docker-default (enforce)\n${OWN_PROFILE} (enforce)\n`)).toBe('own');
    expect(bestProfile(`${OWN_PROFILE} (enforce)\n`)).toBe('own');
  });

  it('has another revision in its name when its text is another', () => {
    const text = `${profileText(OWN_PROFILE)}${PROFILE_FEATURES}`;
    const revision = { name: OWN_PROFILE, sha256: createHash('sha256').update(text).digest('hex') };
    expect(revision).toEqual({
      name: 'skiff-default-1',
      sha256: '78e960024b41f04d404b5407fdc08b9024e6517a35d722ea830cc7b194344a93',
    });
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
