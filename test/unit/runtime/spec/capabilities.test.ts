import { describe, expect, it } from 'vitest';
import {
  boundingCapabilities,
  CAPABILITIES,
  capabilityMask,
} from '../../../../src/runtime/spec/capabilities.ts';

function bounding(
  wish: { capAdd?: string[]; capDrop?: string[]; privileged?: boolean },
  deviceControl = true,
) {
  return boundingCapabilities({ privileged: false, capAdd: [], capDrop: [], ...wish }, deviceControl);
}

/** Docker's fourteen. */
const DEFAULT = 'a80425fb';

describe('boundingCapabilities', () => {
  it("is Docker's set when nothing is said", () => {
    expect(capabilityMask(bounding({}))).toBe(DEFAULT);
    expect(bounding({})).toHaveLength(14);
  });

  it.each(['net_admin', 'NET_ADMIN', 'CAP_NET_ADMIN', 'cap_net_admin', 'Net_Admin'])('reads %s', (name) => {
    expect(bounding({ capAdd: [name] })).toContain('CAP_NET_ADMIN');
    expect(bounding({ capAdd: [name] })).toHaveLength(15);
  });

  it('drops what is dropped, and adds what is added even if it is dropped as well', () => {
    expect(bounding({ capDrop: ['chown', 'KILL'] })).toHaveLength(12);
    expect(bounding({ capDrop: ['chown'], capAdd: ['chown'] })).toContain('CAP_CHOWN');
  });

  it('drops everything but what is added', () => {
    expect(bounding({ capDrop: ['all'] })).toEqual([]);
    expect(bounding({ capDrop: ['ALL'], capAdd: ['chown', 'CHOWN', 'kill'] })).toEqual([
      'CAP_CHOWN',
      'CAP_KILL',
    ]);
  });

  it('adds everything but what is dropped by name', () => {
    expect(bounding({ capAdd: ['ALL'] })).toEqual([...CAPABILITIES]);
    expect(bounding({ capAdd: ['ALL'], capDrop: ['sys_admin'] })).toHaveLength(CAPABILITIES.length - 1);
  });

  it.each([false, true])(
    'does not guess what adding and dropping all would mean (privileged: %s)',
    (privileged) => {
      expect(() => bounding({ privileged, capAdd: ['all'], capDrop: ['ALL'] })).toThrow(
        expect.objectContaining({ kind: 'invalid', message: 'all capabilities are both added and dropped' }),
      );
    },
  );

  it('takes all from a privileged container as well, but for what is added by name', () => {
    expect(bounding({ privileged: true, capDrop: ['ALL'] })).toEqual([]);
    const added = { privileged: true, capDrop: ['ALL'], capAdd: ['chown', 'mknod'] };
    for (const deviceControl of [true, false])
      expect(bounding(added, deviceControl)).toEqual(['CAP_CHOWN', 'CAP_MKNOD']);
  });

  it('gives a privileged container everything, but for what is dropped by name', () => {
    expect(bounding({ privileged: true })).toEqual([...CAPABILITIES]);
    expect(bounding({ privileged: true }, false)).toContain('CAP_MKNOD');
    expect(bounding({ privileged: true, capAdd: ['ALL'], capDrop: ['syslog'] })).not.toContain('CAP_SYSLOG');
  });

  it('keeps device nodes from being made where no rules would keep them from being opened', () => {
    expect(capabilityMask(bounding({}, false))).toBe('a00425fb');
    expect(bounding({ capAdd: ['ALL'] }, false)).not.toContain('CAP_MKNOD');
    expect(() => bounding({ capAdd: ['mknod'] }, false)).toThrow(
      expect.objectContaining({
        kind: 'unsupported',
        message: expect.stringContaining('controller "devices"'),
      }),
    );
  });

  it.each([
    ['NET_ADMN', 'did you mean CAP_NET_ADMIN?'],
    ['sysadmin', 'did you mean CAP_SYS_ADMIN?'],
    ['CAP_TRACE', 'did you mean CAP_SYS_PTRACE?'],
    ['teleport', 'capabilities(7) has the names; ALL is all of them'],
  ])('refuses %s, naming it as it was written', (name, hint) => {
    for (const wish of [{ capAdd: [name] }, { capDrop: [name] }]) {
      expect(() => bounding(wish)).toThrow(
        expect.objectContaining({
          kind: 'invalid',
          message: `unknown capability "${name}"`,
          subject: name,
          hint,
        }),
      );
    }
  });
});
