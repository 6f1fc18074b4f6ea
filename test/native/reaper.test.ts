import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { PlanRecord } from '../../src/runtime/record.ts';
import { errno, writeFilter } from '../helpers/filter.ts';
import {
  DEFAULT_CAPABILITIES,
  finished,
  gone,
  HELPER,
  HELPER_IS_STATIC,
  printed,
  useRoom,
  type Wishes,
} from '../helpers/plan.ts';

const room = useRoom();

/** A plan with a reaper. */
function reaped(wishes: Wishes): ReturnType<typeof room.plan> {
  return room.plan({ ...wishes, process: [['reaper'], ...(wishes.process ?? [])] });
}

async function outputOf(wishes: Wishes): Promise<string> {
  const { stdout, stderr, code } = await reaped(wishes).run();
  expect([stderr, code]).toEqual(['', 0]);
  return stdout.toString();
}

function script(...lines: string[]): string[] {
  return ['sh', '-c', lines.join('\n')];
}

// It executes itself inside of the container, where the build with sanitizers finds no libraries.
describe.skipIf(!HELPER_IS_STATIC)('the reaper', () => {
  it('is process 1, with nothing of the host in its environment, arguments and descriptors', async () => {
    const seen = await outputOf({
      args: script(
        'tr "\\\\0" " " < /proc/1/cmdline; echo',
        'wc -c < /proc/1/environ',
        'cat /proc/1/comm',
        'ls /proc/1/fd | wc -l',
        'echo $$; echo $PPID',
      ),
      env: { SECRET: 'of the host' },
    });
    expect(seen).toBe('skiff-init init 2 \n0\nskiff-init\n0\n2\n1\n');
  });

  it('is confined as the command is', async () => {
    const filter = writeFilter(join(room.root, 'deny-mkdir'), ['mkdir'], errno(1));
    const words = 'Uid|Gid|Groups|NoNewPrivs|Seccomp|Cap...';
    const mask = '400';
    for (const more of [[], [['no-new-privileges']], [['user', 'harbour']]] as PlanRecord[][]) {
      const [first, command] = (
        await outputOf({
          args: script(
            `grep -E "^(${words}):" /proc/1/status; echo --; grep -E "^(${words}):" /proc/$$/status`,
          ),
          general: [['seccomp', filter, '']],
          process: [['capabilities', mask, mask, '0', mask, '0'], ...more],
        })
      ).split('--\n');
      expect(first).toContain('Seccomp:\t2');
      expect(first).toContain('CapBnd:\t0000000000000400');
      expect(first).toBe(command);
    }
  });

  it.each([
    ['its own file', {}],
    ['a copy in memory', { SKIFF_SEAL: 'memfd' }],
  ])('runs from %s, which the container cannot write (CVE-2019-5736)', async (_, env) => {
    const before = { content: readFileSync(HELPER), mode: statSync(HELPER).mode };
    const { stdout, code } = await reaped({
      env,
      args: script(
        'echo x 2>/dev/null >>/proc/1/exe && echo written',
        'exec 9</proc/1/exe; echo x 2>/dev/null >>/proc/self/fd/9 && echo written',
        'chmod 777 /proc/1/exe 2>/dev/null',
        'exit 3',
      ),
    }).run();
    expect([stdout.toString(), code]).toEqual(['', 3]);
    expect(readFileSync(HELPER).equals(before.content)).toBe(true);
    expect(statSync(HELPER).mode).toBe(before.mode);
  });

  it('ends as the command does', async () => {
    expect((await reaped({ args: script('exit 42') }).run()).code).toBe(42);
    const killed = reaped({ args: script('kill -9 $$') });
    expect((await killed.run()).code).toBe(137);
    expect(killed.exit).toMatchObject({ code: 137 });
  });

  it('does not hide that there is no such command', async () => {
    const { stderr, code } = await reaped({ args: ['missing'] }).run();
    expect([stderr, code]).toEqual(['skiff-helper: exec: missing: No such file or directory\n', 125]);
  });

  it('forwards signals to the command, and to no other', async () => {
    const container = reaped({
      args: script(
        'trap "echo usr1" USR1; trap "echo abrt" ABRT; trap "echo rt" 34; trap "echo term; exit 5" TERM',
        'sh -c "trap \\"echo wrong\\" USR1 TERM; echo up; while :; do sleep 0.02; done" &',
        'while :; do sleep 0.02; done',
      ),
    });
    const child = container.start();
    const result = finished(child);
    await printed(child, 'up');
    for (const [signal, word] of Object.entries({ 10: 'usr1', 6: 'abrt', 34: 'rt' })) {
      const seen = printed(child, word);
      expect(await container.ask(`signal ${signal}`)).toBe('ok\n');
      await seen;
    }
    expect(await container.ask('stop 15 60000')).toBe('exit 5\n');
    const { stdout, code } = await result;
    expect(stdout.toString()).not.toContain('wrong');
    expect(code).toBe(5);
  });

  it('reaps orphans', async () => {
    const orphans = script(
      'i=0; while [ $i -lt 20 ]; do sh -c "true & true &"; i=$((i + 1)); done',
      'while grep -q "^State:.Z" /proc/[0-9]*/status 2>/dev/null; do :; done',
      'echo clean',
    );
    expect(await outputOf({ args: orphans })).toBe('clean\n');
  });

  it('reaps in a pid namespace that is not its own, and takes the command with it', async () => {
    const container = reaped({
      args: script('sh -c "sleep 1000 & echo orphan \\$!"', 'echo up $$; exec sleep 1000'),
      namespaces: ['mount', 'uts', 'ipc', 'net', 'cgroup'],
    });
    const child = container.start();
    const result = finished(child);
    const [, orphan, command] = /orphan (\d+)\nup (\d+)/.exec(await printed(child, 'up ')) ?? [];
    const { pid } = container.state.init;
    for (const each of [orphan, command])
      expect(readFileSync(`/proc/${each}/status`, 'utf8')).toContain(`PPid:\t${pid}\n`);
    expect(await container.ask('stop 9 1000')).toBe('exit 137\n');
    expect((await result).code).toBe(137);
    for (const each of [orphan, command]) expect(existsSync(`/proc/${each}/exe`)).toBe(false);
  });

  it('reaps in the pid namespace of another container', async () => {
    const owner = room.plan({ args: ['sleep', '1000'], process: [DEFAULT_CAPABILITIES] });
    await owner.detach();
    const { pid, startTime } = owner.state.init;
    const container = reaped({
      args: script(
        'orphan=$(sh -c "sleep 1000 >/dev/null & echo \\$!")',
        'grep -q "PPid:.$PPID$" /proc/$orphan/status && echo adopted',
        'cat /proc/$PPID/comm; cat /proc/1/comm',
      ),
      general: [['join', 'pid', String(pid), String(startTime)]],
      namespaces: ['mount', 'uts', 'ipc', 'net', 'cgroup'],
    });
    const { stdout, code } = await container.run();
    expect([stdout.toString(), code]).toEqual(['adopted\nskiff-init\nsleep\n', 0]);
    expect(await owner.ask('stop 9 1000')).toBe('exit 137\n');
  });

  it('works in a user namespace, for root and for others', async () => {
    for (const user of ['root', 'harbour']) {
      const args = script('cat /proc/1/comm; wc -c < /proc/1/environ; ls /proc/1/fd | wc -l; id -u');
      const seen = await outputOf({ args, process: [['user', user]], firstId: 100_000 });
      expect(seen).toBe(`skiff-init\n0\n0\n${user === 'root' ? 0 : 1000}\n`);
    }
  });

  it('dies with the monitor', async () => {
    const container = reaped({ args: ['sleep', '1000'], process: [['user', 'harbour']] });
    expect((await container.detach()).code).toBe(0);
    const { monitor, init } = container.state;
    process.kill(monitor.pid, 'SIGKILL');
    await gone(init.pid);
    expect((await container.cleanup()).code).toBe(0);
    expect(container.leftovers()).toEqual([]);
  });

  it('fails the start before the command began when it may not become itself', async () => {
    const filter = writeFilter(join(room.root, 'no-execveat'), ['execveat'], errno(1));
    const container = reaped({ args: script('echo ran'), general: [['seccomp', filter, '']] });
    const { stdout, stderr, code } = await container.run();
    expect([stdout.toString(), stderr, code]).toEqual([
      '',
      'skiff-helper: reaper: execveat: Operation not permitted\n',
      125,
    ]);
    expect(container.leftovers()).toEqual([]);
  });
});
