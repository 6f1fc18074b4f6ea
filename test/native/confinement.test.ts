import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { PlanRecord } from '../../src/runtime/record.ts';
import { errno, KILL, writeFilter } from '../helpers/filter.ts';
import { useRoom, type Wishes } from '../helpers/plan.ts';

const room = useRoom();

const EXDEV = 18;
const CAP_SYS_RESOURCE = 24n;
const NET_BIND_SERVICE = '400';
const denyingMkdir = writeFilter(join(room.root, 'deny-mkdir'), ['mkdir'], errno(EXDEV));

/** The lines of /proc/self/status that begin with one of these words, as a process of the container sees them. */
async function statusOf(wishes: Omit<Wishes, 'args'>): Promise<Record<string, string>> {
  const { stdout, stderr, code } = await room.plan({ ...wishes, args: ['cat', '/proc/self/status'] }).run();
  expect([stderr, code]).toEqual(['', 0]);
  return Object.fromEntries(
    stdout
      .toString()
      .trim()
      .split('\n')
      .map((line) => line.split(/:\s*/) as [string, string]),
  );
}

async function failureOf(wishes: Wishes): Promise<string> {
  const container = room.plan(wishes);
  const { stderr, code } = await container.run();
  expect(code).toBe(125);
  expect(container.leftovers()).toEqual([]);
  return stderr.trim();
}

/** Bounding, permitted, inheritable, effective, ambient. */
function capabilities(mask: string, inheritable = '0', ambient = '0'): PlanRecord {
  return ['capabilities', mask, mask, inheritable, mask, ambient];
}

describe('a system call filter', () => {
  const general: PlanRecord[] = [['seccomp', denyingMkdir, '']];

  it('decides about the command’s calls and those of its children', async () => {
    const args = ['sh', '-c', 'mkdir /tmp/one; sh -c "mkdir /tmp/two; echo $?"'];
    const { stdout, stderr } = await room.plan({ args, general }).run();
    expect(stderr.match(/link/gi)).toHaveLength(2);
    expect(stdout.toString()).toBe('1\n');
  });

  it('is one, and stands without no-new-privileges', async () => {
    expect(await statusOf({ general })).toMatchObject({
      Seccomp: '2',
      Seccomp_filters: '1',
      NoNewPrivs: '0',
    });
  });

  it('leaves exactly the capabilities that were asked for, not the one that it needs itself', async () => {
    expect(await statusOf({ general, process: [capabilities(NET_BIND_SERVICE)] })).toMatchObject({
      Seccomp: '2',
      CapPrm: '0000000000000400',
      CapEff: '0000000000000400',
      CapBnd: '0000000000000400',
      CapAmb: '0000000000000000',
    });
  });

  it('applies to a user other than root', async () => {
    const records: PlanRecord[] = [['user', 'harbour'], capabilities(NET_BIND_SERVICE)];
    expect(await statusOf({ general, process: records })).toMatchObject({
      Uid: '1000\t1000\t1000\t1000',
      Seccomp: '2',
      NoNewPrivs: '0',
      CapPrm: '0000000000000000',
      CapBnd: '0000000000000400',
    });
    expect(await statusOf({ general, process: [['user', 'harbour']] })).toMatchObject({
      Seccomp: '2',
      CapPrm: '0000000000000000',
    });
  });

  it('leaves a user other than root its ambient capabilities', async () => {
    const ambient = capabilities(NET_BIND_SERVICE, NET_BIND_SERVICE, NET_BIND_SERVICE);
    for (const more of [[], [['no-new-privileges']]] as PlanRecord[][]) {
      expect(await statusOf({ general, process: [['user', '1000'], ambient, ...more] })).toMatchObject({
        Seccomp: '2',
        CapEff: '0000000000000400',
        CapAmb: '0000000000000400',
      });
    }
  });

  it('is installed after no-new-privileges', async () => {
    const records: PlanRecord[] = [['no-new-privileges'], ['user', '1000'], capabilities('0')];
    expect(await statusOf({ general, process: records })).toMatchObject({ NoNewPrivs: '1', Seccomp: '2' });
  });

  it('is installed in a user namespace, for root and for others', async () => {
    for (const user of ['root', 'harbour']) {
      const process: PlanRecord[] = [['user', user], capabilities(NET_BIND_SERVICE)];
      expect(await statusOf({ general, process, firstId: 100_000 })).toMatchObject({
        Seccomp: '2',
        NoNewPrivs: '0',
        CapEff: user === 'root' ? '0000000000000400' : '0000000000000000',
      });
    }
  });

  it('takes its flags', async () => {
    expect(await statusOf({ general: [['seccomp', denyingMkdir, 'log,spec-allow']] })).toMatchObject({
      Seccomp: '2',
    });
  });

  it('that forbids to look for a file does not hinder the search along PATH', async () => {
    const calls = ['stat', 'statx', 'faccessat', 'faccessat2', 'openat2', 'setresuid', 'poll'] as const;
    const filter = writeFilter(join(room.root, 'no-lookup'), calls, KILL);
    const records: PlanRecord[] = [
      ['env', 'PATH=/nowhere:/etc/passwd:relative::/sbin:/bin'],
      ['user', '1000'],
      capabilities('0'),
    ];
    const strict: Wishes = { args: ['true'], general: [['seccomp', filter, '']], process: records };
    expect((await room.plan(strict).run()).code).toBe(0);
    expect(await failureOf({ ...strict, args: ['missing'] })).toMatch(
      /^skiff-helper: exec: missing: No such/,
    );
    expect(await failureOf({ ...strict, args: ['/etc/passwd'] })).toMatch(
      /^skiff-helper: exec: .etc.passwd: Permission/,
    );
  });

  it('that forbids execve fails the start', async () => {
    const filter = writeFilter(join(room.root, 'no-execve'), ['execve'], errno(1));
    expect(await failureOf({ args: ['true'], general: [['seccomp', filter, '']] })).toBe(
      'skiff-helper: exec: true: Operation not permitted',
    );
  });

  it.each([
    ['is missing', undefined],
    ['is empty', Buffer.alloc(0)],
    ['ends within an instruction', Buffer.alloc(12)],
    ['has too many instructions', Buffer.alloc(4097 * 8)],
    ['is none', Buffer.alloc(16, 0xff)],
  ])('whose program %s fails the start', async (what, bytes) => {
    const path = join(room.root, what);
    if (bytes !== undefined) writeFileSync(path, bytes);
    const reason = bytes === undefined ? 'No such file or directory' : 'Invalid argument';
    expect(await failureOf({ args: ['true'], general: [['seccomp', path, '']] })).toBe(
      `skiff-helper: seccomp: ${path}: ${reason}`,
    );
  });

  it('with an unknown flag fails the start', async () => {
    expect(await failureOf({ args: ['true'], general: [['seccomp', denyingMkdir, 'tsync']] })).toBe(
      `skiff-helper: seccomp: ${denyingMkdir}: Invalid argument`,
    );
  });
});

describe('a label', () => {
  it.skipIf(existsSync('/proc/self/attr/apparmor'))(
    'fails the start where the kernel has no AppArmor',
    async () => {
      expect(await failureOf({ args: ['true'], general: [['label', 'apparmor', 'harbour-default']] })).toBe(
        'skiff-helper: label: harbour-default: No such file or directory',
      );
    },
  );

  it.skipIf(existsSync('/sys/fs/selinux/enforce'))(
    'fails the start where the kernel has no SELinux',
    async () => {
      const context = 'system_u:system_r:container_t:s0';
      expect(await failureOf({ args: ['true'], general: [['label', 'selinux', context]] })).toContain(
        `skiff-helper: label: ${context}: `,
      );
    },
  );

  it('of an unknown kind fails the start', async () => {
    expect(await failureOf({ args: ['true'], general: [['label', 'tomoyo', 'x']] })).toBe(
      'skiff-helper: label: x: Invalid argument',
    );
  });
});

describe('groups', () => {
  async function groupsOf(...records: PlanRecord[]): Promise<string> {
    return (await room.plan({ args: ['id', '-G'], process: records }).run()).stdout.toString().trim();
  }

  it('are added, by number or by name, to those that name the user', async () => {
    expect(await groupsOf(['user', 'harbour'])).toBe('1000 2000');
    expect(await groupsOf(['user', 'harbour'], ['group', '4000'], ['group', 'root'])).toBe(
      '1000 0 2000 4000',
    );
  });

  it('are added to a group that was given with the user, which leaves out those that name it', async () => {
    expect(await groupsOf(['user', 'harbour:harbour'], ['group', 'sail'])).toBe('1000 2000');
    expect(await groupsOf(['user', '7:8'])).toBe('8');
    expect(await groupsOf(['user', '7:8'], ['group', '9'])).toBe('8 9');
  });

  it('are added without a user, too', async () => {
    expect(await groupsOf(['group', 'sail'])).toBe('0 2000');
  });

  it('are each there once', async () => {
    const { stdout } = await room
      .plan({
        args: ['grep', 'Groups', '/proc/self/status'],
        process: [
          ['user', 'harbour'],
          ['group', 'sail'],
          ['group', '2000'],
          ['group', '1000'],
        ],
      })
      .run();
    expect(stdout.toString().trim()).toBe('Groups:\t1000 2000');
  });

  it('that the container does not know by name fail the start', async () => {
    expect(await failureOf({ args: ['true'], process: [['group', 'admiralty']] })).toBe(
      'skiff-helper: group: admiralty: No such file or directory',
    );
  });
});

describe('limits', () => {
  const ownLimits = readFileSync('/proc/self/limits', 'utf8').trim().split('\n').slice(1);
  const names = ownLimits.map((line) => line.slice(0, 26).trim());

  it('of every resource are set', async () => {
    // In the order of the resources' numbers (asm-generic/resource.h); small ones that a shell can live with.
    const order = [
      'Max cpu time',
      'Max file size',
      'Max data size',
      'Max stack size',
      'Max core file size',
      'Max resident set',
      'Max processes',
      'Max open files',
      'Max locked memory',
      'Max address space',
      'Max file locks',
      'Max pending signals',
      'Max msgqueue size',
      'Max nice priority',
      'Max realtime priority',
      'Max realtime timeout',
    ];
    expect([...names].sort()).toEqual([...order].sort());
    const hardOf = (name: string): string =>
      ownLimits
        .find((line) => line.startsWith(name))
        ?.slice(47, 67)
        .trim() ?? '';
    const limits = order.map((name, resource) => {
      const hard = hardOf(name);
      const soft = name === 'Max core file size' ? '0' : hard;
      return { resource, name, soft, hard };
    });
    const record = (value: string): string => (value === 'unlimited' ? '18446744073709551615' : value);
    const { stdout, stderr } = await room
      .plan({
        args: ['cat', '/proc/self/limits'],
        process: limits.map(({ resource, soft, hard }) => [
          'rlimit',
          String(resource),
          record(soft),
          record(hard),
        ]),
      })
      .run();
    expect(stderr).toBe('');
    const seen = stdout.toString().split('\n');
    for (const { name, soft, hard } of limits) {
      const line = seen.find((text) => text.startsWith(name)) ?? '';
      expect([name, line.slice(26, 47).trim(), line.slice(47, 67).trim()]).toEqual([name, soft, hard]);
    }
  });

  it('are set in a user namespace, too', async () => {
    const hard = (ownLimits[7] ?? '').slice(47, 67).trim();
    const { stdout, code } = await room
      .plan({ args: ['sh', '-c', 'ulimit -Hn'], firstId: 100_000, process: [['rlimit', '7', '16', hard]] })
      .run();
    expect([stdout.toString().trim(), code]).toEqual([hard, 0]);
  });

  it('do not hinder the start itself', async () => {
    const records: PlanRecord[] = [
      ['rlimit', '7', '4', '4'],
      ['rlimit', '1', '0', '0'],
      ['rlimit', '6', '1', '1'],
    ];
    const { stdout, code } = await room.plan({ args: ['sh', '-c', 'ulimit -n'], process: records }).run();
    expect([stdout.toString(), code]).toEqual(['4\n', 0]);
  });

  it('above what the kernel allows to anybody fail the start', async () => {
    const beyond = String(Number(readFileSync('/proc/sys/fs/nr_open', 'utf8')) + 1);
    expect(await failureOf({ args: ['true'], process: [['rlimit', '7', beyond, beyond]] })).toBe(
      'skiff-helper: rlimit: 7: Operation not permitted',
    );
  });

  it('whose soft value is above the hard one fail the start', async () => {
    expect(await failureOf({ args: ['true'], process: [['rlimit', '7', '9', '8']] })).toBe(
      'skiff-helper: rlimit: 7: Invalid argument',
    );
  });
});

describe('the score for the out-of-memory killer', () => {
  const effective = BigInt(`0x${/CapEff:\s*(\S+)/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]}`);
  const mayLower = (effective >> CAP_SYS_RESOURCE) & 1n;

  it('is set', async () => {
    const container = room.plan({
      args: ['cat', '/proc/self/oom_score_adj'],
      process: [['oom-score-adj', '345']],
    });
    expect((await container.run()).stdout.toString()).toBe('345\n');
  });

  it.skipIf(mayLower)('fails the start below what the engine may give', async () => {
    expect(await failureOf({ args: ['true'], process: [['oom-score-adj', '-900']] })).toBe(
      'skiff-helper: oom-score-adj: -900: Permission denied',
    );
  });
});
