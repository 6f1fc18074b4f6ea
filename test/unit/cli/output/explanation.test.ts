import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { renderExplanation } from '../../../../src/cli/output/explanation.ts';
import { memoryRemark } from '../../../../src/cli/output/memory-remark.ts';
import { causeOf, type Evidence } from '../../../../src/engine/reports/cause.ts';

const MIB = 1024 ** 2;

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

/** What is said of a container called web that ran from second 900 to second 960, 40 seconds ago. */
function said(changes: Partial<Evidence>): string {
  const evidence: Evidence = {
    state: 'exited',
    command: ['sh'],
    createdAt: 880_000,
    startedAt: 900_000,
    finishedAt: 960_000,
    escalated: false,
    oomKills: 0,
    pidsRefused: 0,
    stop: { signal: 15, timeoutMs: 10_000 },
    init: false,
    ownPids: true,
    limits: {},
    ...changes,
  };
  return renderExplanation({ id: 'id', name: 'web', cause: causeOf(evidence), evidence });
}

describe('an explanation', () => {
  it('tells a halt and a restart from within, and who had asked for it', () => {
    expect(said({ end: { code: 130, signal: 2 }, sent: { signal: 37, at: 1 } })).toBe(
      'web shut itself down 40 seconds ago, after about a minute, with reboot(2), after skiff had sent it SIGRTMIN+3. The kernel tells so by SIGINT: nobody sent that.\n',
    );
    expect(said({ end: { code: 129, signal: 1 } })).toBe(
      'web restarted itself 40 seconds ago, after about a minute, with reboot(2). The kernel tells so by SIGHUP: nobody sent that.\nhint: skiff starts it again after that with a restart policy: --restart always\n',
    );
  });

  it('is a sentence where there is no more to say', () => {
    expect(said({ end: { code: 0 } })).toBe(
      'web ended by itself 40 seconds ago, after about a minute, with exit code 0.\n',
    );
    expect(said({ state: 'created' })).toBe('web was created 2 minutes ago and has never been started.\n');
  });

  it('has lines of its own alone, whatever the message of a failed start quotes', () => {
    const startFailure = { message: 'cannot find \x1b[2Ja\nhint: b', exitCode: 1 };
    expect(said({ startFailure, state: 'created' })).toBe(
      'web never started: cannot find \\x1b[2Ja\\nhint: b.\n',
    );
  });

  it('puts sentences first, then hints', () => {
    expect(
      said({ end: { code: 137, signal: 9 }, oomKills: 3, memoryPeak: 64 * MIB, memoryLimit: 64 * MIB }),
    ).toBe(
      'The kernel killed web for want of memory (3 processes altogether).\n' +
        'Its limit is 64MiB, and it had taken 64MiB.\n' +
        'hint: give it more with -m, or have it use less\n',
    );
  });

  it('blames the host when there is no limit', () => {
    expect(said({ end: { code: 137, signal: 9 }, oomKills: 1, memoryPeak: 5 * MIB })).toContain(
      'It has no limit of its own, and it had taken 5MiB: a cgroup above it, or the host, was out of memory.',
    );
  });

  it('names --init only to who has none', () => {
    const stop = { end: { code: 137, signal: 9 }, escalated: true, sent: { signal: 9, at: 1 } };
    expect(said(stop)).toContain('--init');
    expect(said({ ...stop, init: true })).not.toContain('--init');
    expect(said({ ...stop, init: true, stop: { signal: 3, timeoutMs: 1 } })).toContain('SIGQUIT');
  });

  it('says "probably" where it cannot know', () => {
    expect(said({ end: { code: 137 }, oomKills: 1 })).toContain('Probably');
    expect(said({ end: { code: 139 } })).toContain('Probably one of its own processes ended by SIGSEGV');
    expect(said({ end: { code: 127 } })).toContain('Probably a command in it was not found');
    expect(said({})).toContain('probably the machine was restarted');
  });

  it('remarks on what was refused and held back', () => {
    const end = { code: 1 };
    expect(said({ end, pidsRefused: 1, limits: { pidsLimit: 5 } })).toContain(
      'A new process was refused, as its limit (5) was reached.\n',
    );
    const slow = said({ end, throttled: { periods: 300, microseconds: 30_000_000 } });
    expect(slow).toContain('held it back in 300 periods, its threads waited for 30.0 seconds altogether');
    expect(slow).toContain('--cpus');
    expect(said({ end, throttled: { periods: 3, microseconds: 30_000 } })).not.toContain('--cpus');
    expect(said({ end, sent: { signal: 1, at: 950_000 } })).toContain('SIGHUP, 10.0 seconds before its end');
    expect(said({ end, memoryPeak: 60 * MIB, memoryLimit: 64 * MIB })).toContain('60MiB of its 64MiB');
    expect(said({ end, memoryPeak: 10 * MIB, memoryLimit: 64 * MIB })).not.toContain('10MiB');
  });

  it('shows what a running container uses', () => {
    expect(said({ state: 'running', finishedAt: undefined, usage: { memory: 2 * MIB, pids: 3 } })).toBe(
      'web has been running for about a minute.\nIt uses 2MiB of memory and has 3 processes and threads.\n',
    );
  });
});

describe('what is said at the end of a container in the foreground', () => {
  function remark(changes: Partial<Evidence>): string | undefined {
    const evidence: Evidence = {
      state: 'exited',
      createdAt: 0,
      end: { code: 137, signal: 9 },
      escalated: false,
      oomKills: 1,
      pidsRefused: 0,
      stop: { signal: 15, timeoutMs: 10_000 },
      init: false,
      ownPids: true,
      limits: {},
      ...changes,
    };
    return memoryRemark({ id: 'id', name: 'web', cause: causeOf(evidence), evidence })?.message;
  }

  it('names the limit of memory that it has reached', () => {
    expect(remark({ memoryLimit: 64 * MIB })).toBe(
      'the container reached its memory limit of 64MiB and the kernel killed it (exit code 137)',
    );
    expect(remark({ memoryLimit: 64 * MIB, end: { code: 137 } })).toBe(
      'a process of the container reached its memory limit of 64MiB and the kernel killed it (exit code 137)',
    );
    expect(remark({})).toBe('the kernel killed the container for want of memory (exit code 137)');
  });

  it('is nothing when somebody has killed it', () => {
    expect(remark({ memoryLimit: MIB, sent: { signal: 9, at: 1 } })).toBeUndefined();
    expect(remark({ memoryLimit: MIB, escalated: true })).toBeUndefined();
  });
});
