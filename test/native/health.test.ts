import { existsSync, readdirSync, readFileSync, unlinkSync, watch, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { readText } from '../../src/host/read-text.ts';
import { type HealthRecord, parseHealthRecord } from '../../src/runtime/monitor/health-record.ts';
import type { PlanRecord } from '../../src/runtime/record.ts';
import { gone, type PlannedContainer, useRoom, type Wishes } from '../helpers/plan.ts';
import { found, until } from '../helpers/until.ts';

const room = useRoom();

const FREEZER_V1 = '/sys/fs/cgroup/freezer';
const UNIFIED = ['/sys/fs/cgroup/unified', '/sys/fs/cgroup'].find((path) =>
  existsSync(join(path, 'cgroup.controllers')),
);

interface Check {
  command: readonly string[];
  interval?: number;
  timeout?: number;
  startPeriod?: number;
  startInterval?: number;
  retries?: number;
  action?: string;
}

function records({ command, action = 'none', ...numbers }: Check): PlanRecord[] {
  const { interval = 20, timeout = 10_000, startPeriod = 0, startInterval = 20, retries = 3 } = numbers;
  const values = [interval, timeout, startPeriod, startInterval, retries].map(String);
  return [['health', ...values, action], ...command.map((word): PlanRecord => ['health-arg', word])];
}

/** Starts a container that sleeps and is checked. */
async function checked(check: Check, wishes: Partial<Wishes> = {}): Promise<PlannedContainer> {
  const container = room.plan({
    args: ['sleep', '1000'],
    ...wishes,
    general: [...records(check), ...(wishes.general ?? [])],
  });
  const { code, stderr } = await container.detach();
  expect([code, stderr]).toEqual([0, '']);
  return container;
}

function health(container: PlannedContainer): HealthRecord {
  const record = parseHealthRecord(readFileSync(join(container.runDir, 'health')));
  if (record === undefined) throw new Error('the record of health is none');
  return record;
}

/** Resolves when the record of health says so: it is replaced by a rename, of which the directory's watchers hear. */
function told(container: PlannedContainer, holds: (record: HealthRecord) => boolean): Promise<HealthRecord> {
  return new Promise((done) => {
    const watcher = watch(container.runDir);
    const look = (): void => {
      const record = health(container);
      if (!holds(record)) return;
      watcher.close();
      done(record);
    };
    watcher.on('change', (_, name) => name === 'health' && look());
    look();
  });
}

async function end(container: PlannedContainer): Promise<void> {
  const { monitor } = container.state;
  await container.ask('stop 9 0');
  await gone(monitor.pid);
  expect(container.leftovers()).toEqual([]);
}

describe('a health check', () => {
  it('runs in the container, as its user, again and again, and tells what it printed', async () => {
    const container = await checked(
      { command: ['sh', '-c', 'echo "$(hostname) $(id -u) $(cat /proc/1/comm) $X"; echo too >&2'] },
      {
        process: [
          ['user', 'harbour'],
          ['env', 'X=y'],
        ],
      },
    );
    const { status, streak, checks } = await told(container, ({ checks }) => checks.length === 5);
    expect([status, streak, checks[0]]).toEqual(['healthy', 0, checks[0]?.code === 0 ? checks[0] : {}]);
    for (const { code, output, started, ended } of checks) {
      expect([code, output]).toEqual([0, 'ketch 1000 sleep y\ntoo\n']);
      expect(ended).toBeGreaterThanOrEqual(started);
    }
    for (const [i, { started }] of checks.slice(1).entries())
      expect(started - (checks[i]?.ended ?? 0)).toBeGreaterThanOrEqual(19);
    await end(container);
  });

  it('keeps the last five, each with what it printed', async () => {
    const container = await checked({ command: ['sh', '-c', 'echo x >> /tmp/n; wc -l < /tmp/n'] });
    const { checks } = await told(container, ({ checks }) => Number(checks.at(-1)?.output) >= 8);
    const last = Number(checks.at(-1)?.output);
    expect(checks.map(({ output }) => output)).toEqual([4, 3, 2, 1, 0].map((before) => `${last - before}\n`));
    await end(container);
  });

  it('keeps 4096 bytes of what it printed, and never holds it up', async () => {
    const container = await checked({ command: ['sh', '-c', 'head -c 300000 /dev/zero | tr "\\0" z'] });
    const { checks } = await told(container, ({ checks }) => checks.length > 0);
    expect(checks[0]).toMatchObject({ code: 0, output: `${'z'.repeat(4096)}...` });
    await end(container);
  });

  it('calls a container unhealthy after so many failures in a row, and healthy after one success', async () => {
    // From the fourth on each waits until what the one before has changed was seen.
    const script = [
      'echo x >> /tmp/n; n=$(wc -l < /tmp/n)',
      '[ $n -lt 4 ] || until [ -e /tmp/go$n ]; do sleep 0.01; done',
      '[ $n -gt 4 ] || exit 9',
    ];
    const container = await checked({ command: ['sh', '-c', script.join('; ')], retries: 3 });
    const seen: string[] = [];
    await told(container, ({ status, streak }) => {
      const now = `${status} ${streak}`;
      if (seen.at(-1) !== now) seen.push(now);
      if (streak >= 3) writeFileSync(`/proc/${container.state.init.pid}/root/tmp/go${streak + 1}`, '');
      return status === 'healthy';
    });
    expect(seen.slice(-3)).toEqual(['unhealthy 3', 'unhealthy 4', 'healthy 0']);
    expect(health(container).checks[0]).toMatchObject({ code: 9 });
    await end(container);
  });

  it('does not count failures in the start period, which the first success ends', async () => {
    const container = await checked({
      command: ['sh', '-c', 'echo x >> /tmp/n; [ $(wc -l < /tmp/n) -ge 4 ] && [ ! -e /tmp/ill ]'],
      interval: 30,
      startPeriod: 100_000,
      startInterval: 5,
      retries: 2,
    });
    const first = await told(container, ({ status }) => status !== 'starting');
    expect(first).toMatchObject({ status: 'healthy', streak: 0 });
    writeFileSync(`/proc/${container.state.init.pid}/root/tmp/ill`, '');
    const { checks } = await told(container, ({ status }) => status === 'unhealthy');
    // Two failures or more since the success that ended the start period, if that is one of the last five still.
    const later = checks.slice(
      Math.max(
        0,
        checks.findIndex(({ code }) => code === 0),
      ),
    );
    const pauses = later.slice(1).map(({ started }, index) => started - (later[index]?.ended ?? 0));
    expect(pauses.length).toBeGreaterThanOrEqual(2);
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(29);
    await end(container);
  });

  it('that takes too long is killed, and told apart from one that failed', async () => {
    const container = await checked({
      command: ['sh', '-c', 'trap "" TERM; echo begun; while :; do sleep 0.02; done'],
      timeout: 60,
      retries: 1,
    });
    // Its time may be up before it has said anything.
    const { status, checks } = await told(container, ({ checks }) =>
      checks.some(({ output }) => output !== ''),
    );
    expect([status, checks.at(-1)]).toMatchObject(['unhealthy', { code: -1, output: 'begun\n' }]);
    await end(container);
  });

  it('that cannot be executed says why', async () => {
    const container = await checked({ command: ['no-such-command'], retries: 1 });
    const { checks } = await told(container, ({ status }) => status === 'unhealthy');
    expect(checks[0]).toMatchObject({ code: -2, output: 'exec 2 no-such-command' });
    await end(container);
  });

  it('has the rights of the container and no more', async () => {
    const container = await checked(
      { command: ['grep', '-E', '^(CapEff|NoNewPrivs)', '/proc/self/status'] },
      {
        process: [['capabilities', '400', '400', '0', '400', '0'], ['no-new-privileges']],
      },
    );
    const { checks } = await told(container, ({ checks }) => checks.length > 0);
    expect(checks[0]?.output).toBe('CapEff:\t0000000000000400\nNoNewPrivs:\t1\n');
    await end(container);
  });

  it('that writes without end is ended in time, and keeps the monitor from nothing', async () => {
    const container = await checked({ command: ['cat', '/dev/zero'], timeout: 300, retries: 1 });
    await named('skiff-health', container.state.monitor.pid);
    for (let i = 0; i < 20; i++) expect(await container.ask('signal 23')).toBe('ok\n');
    // Its time may be up before it has written anything.
    const { checks } = await told(container, ({ checks }) => checks.some(({ output }) => output !== ''));
    expect(checks.map(({ code }) => code)).toEqual(checks.map(() => -1));
    expect(checks.map(({ output }) => output)).toContain(`${'\0'.repeat(4096)}...`);
    await end(container);
  });

  it('that ended well may leave somebody behind, who goes on writing into nothing', async () => {
    const left = '(while [ ! -e /tmp/on ]; do sleep 0.02; done; echo one; echo two >&2; : >/tmp/wrote)';
    const container = await checked({
      command: ['sh', '-c', `[ -e /tmp/left ] || { : >/tmp/left; ${left} & }; echo checked`],
      interval: 5,
    });
    await told(container, ({ checks }) => checks.length >= 3);
    const root = `/proc/${container.state.init.pid}/root/tmp`;
    writeFileSync(join(root, 'on'), '');
    await until(() => existsSync(join(root, 'wrote')));
    expect(health(container).checks.map(({ output }) => output)).not.toContain('one\n');
    await end(container);
  });

  it('runs in a container that has all the processes it may have', async () => {
    const container = await checked({ command: ['true'], retries: 1 }, { pids: 1 });
    const { checks } = await told(container, ({ checks }) => checks.length >= 3);
    expect(checks.map(({ code, output }) => `${code}${output}`)).toEqual(checks.map(() => '0'));
    await end(container);
  });

  it('is killed with the container', async () => {
    const container = await checked({ command: ['sleep', '1000'] });
    await named('skiff-health', container.state.monitor.pid);
    await end(container);
  });
});

/** Resolves to a child of that name when there is one: /proc has no event for it. */
async function named(name: string, parent: number): Promise<number> {
  return await found(() => {
    for (const entry of readdirSync('/proc')) {
      if (!/^\d+$/.test(entry)) continue;
      try {
        const status = readFileSync(`/proc/${entry}/status`, 'utf8');
        if (status.startsWith(`Name:\t${name}\n`) && status.includes(`PPid:\t${parent}\n`))
          return Number(entry);
      } catch {}
    }
    return undefined;
  });
}

describe('an unhealthy container', () => {
  it('is killed when it is to be, and its restart policy holds', async () => {
    const container = await checked(
      { command: ['false'], retries: 1, action: 'kill' },
      { general: [['restart', 'on-failure', '1']] },
    );
    await until(() => container.leftovers().length === 0);
    expect(container.exit).toMatchObject({ code: 137, signal: 9 });
  });

  it('is stopped for good when it is to be', async () => {
    const container = await checked(
      { command: ['false'], retries: 1, action: 'stop' },
      {
        args: ['sh', '-c', 'trap "exit 5" TERM; while :; do sleep 0.02; done'],
        general: [['restart', 'always', '0']],
      },
    );
    await until(() => container.leftovers().length === 0);
    expect(container.exit).toMatchObject({ code: 5 });
  });

  it('is restarted when it is to be, without any policy, and starts as healthy as ever', async () => {
    const container = await checked(
      { command: ['sh', '-c', '[ ! -e /dev/shm/ill ]'], retries: 2, action: 'restart' },
      {
        // Each run has a /dev/shm of its own: the first one is ill, the second is not, from its very beginning.
        args: [
          'sh',
          '-c',
          'trap "exit 5" TERM; [ -e /begun ] || touch /begun /dev/shm/ill; while :; do sleep 0.02; done',
        ],
      },
    );
    await told(container, ({ status }) => status === 'unhealthy' || container.state.restarts === 1);
    const { streak } = await told(container, ({ status }) => status === 'healthy');
    expect(streak).toBe(0);
    expect(container.state.restarts).toBe(1);
    await end(container);
  });
});

const FROZEN = `skiff-native-health-${process.pid}`;
const hierarchies = [
  ...(existsSync(FREEZER_V1) ? [['v1', FREEZER_V1] as const] : []),
  ...(UNIFIED !== undefined && existsSync(FREEZER_V1) ? [['v2', UNIFIED] as const] : []),
];

describe.each(hierarchies)('the cgroup of a check (%s)', (version, parent) => {
  const directory = join(parent, FROZEN);
  const records = {
    general: [
      ['cgroup', version, directory],
      ['health-cgroup', directory],
    ],
    teardown: [['rmdir-cgroup', directory]],
  } as const;
  const below = () => readdirSync(directory).filter((name) => name.startsWith('health-'));
  const sleepers = ({ cgroups, state }: PlannedContainer) =>
    readFileSync(join(cgroups[0] ?? '', 'cgroup.procs'), 'utf8')
      .trim()
      .split('\n')
      .filter((pid) => pid !== String(state.init.pid))
      .filter((pid) => readText(`/proc/${pid}/comm`) === 'sleep\n');

  it('takes all of a check with it when its time is up, whatever session or parent that has', async () => {
    const script =
      '[ ! -e /tmp/seen ] || exit 0; setsid sleep 1000 & (sleep 1000 &); ' +
      '(setsid setsid sh -c "sleep 1000 & sleep 1000" &); sleep 1000';
    const container = await checked({ command: ['sh', '-c', script], timeout: 1000 }, records);
    // Its time may be up before all five are there: then the next one starts them again.
    await until(() => existsSync(directory) && sleepers(container).length >= 5);
    writeFileSync(`/proc/${container.state.init.pid}/root/tmp/seen`, '');
    const { checks } = await told(container, ({ checks }) => checks.at(-1)?.code === 0);
    expect(checks.at(-2)?.code).toBe(-1);
    expect(sleepers(container)).toEqual([]);
    await end(container);
  });

  it('leaves alone whom a check in time has left behind, and goes when they have', async () => {
    const script =
      '[ -e /tmp/enough ] || { sleep 1000 & }; [ ! -e /tmp/late ] || { echo late; sleep 1000; }; echo in time';
    const container = await checked(
      { command: ['sh', '-c', script], interval: 20, timeout: 1000, retries: 1 },
      records,
    );
    const last = (said: string) => told(container, ({ checks }) => checks.at(-1)?.output === said);
    await last('in time\n');
    const root = `/proc/${container.state.init.pid}/root/tmp`;
    for (const name of ['enough', 'late']) writeFileSync(join(root, name), '');
    expect((await last('late\n')).checks.at(-1)?.code).toBe(-1);
    unlinkSync(join(root, 'late'));
    await last('in time\n');
    const left = sleepers(container);
    expect(left).not.toEqual([]);
    const kept = left.map(
      (pid) => /\/(health-\d+)$/m.exec(readFileSync(`/proc/${pid}/cgroup`, 'utf8'))?.[1] ?? '',
    );
    expect(below()).toEqual(expect.arrayContaining(kept));
    for (const pid of left) process.kill(Number(pid), 'SIGKILL');
    await until(() => !below().some((name) => kept.includes(name)));
    await end(container);
  });
});

describe.each(hierarchies)('a paused container (%s)', (version, parent) => {
  it('is not checked until it goes on, and a check that was held up counts for nothing', async () => {
    const directory = join(parent, FROZEN);
    const container = await checked(
      {
        command: ['sh', '-c', 'echo x >> /tmp/n; [ $(wc -l < /tmp/n) -gt 1 ] || sleep 1.5'],
        timeout: 1000,
        retries: 1,
      },
      { general: [['cgroup', version, directory]], teardown: [['rmdir-cgroup', directory]] },
    );
    await named('skiff-health', container.state.monitor.pid);
    const [file, frozen, thawed] =
      version === 'v1' ? ['freezer.state', 'FROZEN', 'THAWED'] : ['cgroup.freeze', '1', '0'];
    writeFileSync(join(directory, file), frozen);
    const { checks } = health(container);
    expect(checks).toEqual([]);
    // A signal is answered, also when the time of the check is up: the monitor waits for nobody.
    const until = performance.now() + 1100;
    do expect(await container.ask('signal 23')).toBe('ok\n');
    while (performance.now() < until);
    writeFileSync(join(directory, file), thawed);
    await told(container, (record) => record.status === 'healthy');
    await end(container);
  });
});

describe('a monitor that is killed', () => {
  it('takes a check that is under way with it', async () => {
    const container = await checked({ command: ['sleep', '1000'] });
    const { monitor, init } = container.state;
    const check = await named('skiff-health', monitor.pid);
    process.kill(monitor.pid, 'SIGKILL');
    await Promise.all([gone(init.pid), gone(check)]);
    expect((await container.cleanup()).code).toBe(0);
    expect(container.leftovers()).toEqual([]);
  });
});
