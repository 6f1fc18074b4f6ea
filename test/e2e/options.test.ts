import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { useStore } from '../helpers/skiff.ts';

const store = useStore();
const busybox = useBusybox(store);

const directory = mkdtempSync(join(tmpdir(), 'skiff-options-'));
afterAll(() => rmSync(directory, { recursive: true }));

/** What a script says in a container that has these options. */
async function inside(script: string, ...options: string[]): Promise<string> {
  return await store.ok(['run', '--rm', ...options, busybox, 'sh', '-c', script]);
}

describe('the process of a container', () => {
  it('has the groups that the image gives its user and those that are added, by name or number', async () => {
    expect(await inside('id -G', '--group-add', 'nogroup', '--group-add', '4711')).toBe('0 4711 65534');
    const groups = await inside(
      'id -u; id -g; grep ^Groups: /proc/self/status',
      '-u',
      '1000:50',
      '--group-add',
      '12',
    );
    expect(groups).toMatch(/^1000\n50\nGroups:\s*(50 )?12( 50)? *$/);
  });

  it('keeps the groups of whoever starts it when asked, in a user namespace, too, and when exec joins it', async () => {
    const through = ['setpriv', '--groups', '4711,70000'];
    const script = 'grep ^Groups: /proc/self/status';
    const groups = (text: string) => text.split(/\s+/).slice(1).filter(Boolean).sort();
    const keeping = ['--group-add', 'keep-groups'];
    const own = await store.ok(['run', '--rm', ...keeping, '-u', '1000', busybox, 'sh', '-c', script], {
      through,
    });
    expect(groups(own)).toEqual(['4711', '70000']);
    const maps = ['--uidmap', '0:100000:65536', '--gidmap', '0:4711:1', '--gidmap', '1:200000:65535'];
    await store.ok(
      ['run', '-d', '--name', 'kept', ...keeping, ...maps, busybox, 'sh', '-c', `${script}; sleep 1000`],
      { through },
    );
    // One has no number there, and is a right all the same.
    const mapped = ['0', '65534'];
    expect(groups(await store.ok(['exec', 'kept', 'sh', '-c', script], { through }))).toEqual(mapped);
    expect(groups(await store.ok(['logs', 'kept']))).toEqual(mapped);
    expect(await store.ok(['inspect', '-f', '{{.HostConfig.GroupAdd}}', 'kept'])).toBe('[keep-groups]');
    await store.ok(['rm', '-f', 'kept']);
  });

  it('is the child of an init of the host when one is named', async () => {
    const init = join(directory, 'init');
    writeFileSync(init, '#!/bin/sh\necho "init $$ $1"\nshift\n"$@"\n', { mode: 0o755 });
    const options = ['--init', '--init-path', init];
    expect(await inside('echo $PPID; ls -l /dev/init | cut -c 1-4', ...options)).toBe('init 1 --\n1\n-rwx');
  });

  it('makes files by the mask it is given, else by 022', async () => {
    const script = 'touch /f && stat -c %a /f; umask';
    expect(await inside(script)).toBe('644\n0022');
    expect(await inside(script, '--umask', '0077')).toBe('600\n0077');
  });

  it('lives in the time zone that is named', async () => {
    // Whatever the image: musl and glibc read /etc/localtime, a static busybox does so too.
    expect(await inside('date -d @0 +%H%z', '--tz', 'Asia/Tokyo')).toBe('09+0900');
    expect(await inside('date -d @0 +%H%z')).toBe('00+0000');
  });

  it('has the limits and the OOM score of its options', async () => {
    const limits = await inside(
      'cat /proc/self/limits /proc/self/oom_score_adj',
      ...['--ulimit', 'nofile=128:256', '--ulimit', 'core=0', '--oom-score-adj', '300'],
    );
    expect(limits).toMatch(/^Max open files +128 +256 /m);
    expect(limits).toMatch(/^Max core file size +0 +0 /m);
    expect(limits).toMatch(/^300$/m);
  });

  it('is reaped for by an init that passes its exit code on', async () => {
    // A grandchild whose parent ends is adopted by PID 1, which must not leave it a zombie.
    const script =
      'sh -c "true & exec true"; while ps -o stat | grep -q Z; do :; done; cat /proc/1/comm; echo $$';
    const [name, pid] = (await inside(script, '--init')).split('\n');
    expect(name).not.toBe('sh');
    expect(Number(pid)).toBeGreaterThan(1);
  });

  it.each([
    [['sh', '-c', 'exit 42'], 42],
    [['sh', '-c', 'kill -TERM $$'], 143],
    [['no-such-command'], 127],
    [['/etc'], 126],
  ])('ends with %j behind an init as without one: %i', async (command, code) => {
    expect((await store.skiff(['run', '--rm', '--init', busybox, ...command])).code).toBe(code);
  });

  it('is stopped with its own signal and within its own time', async () => {
    const trap = 'trap "echo got USR1; exit 3" USR1; echo ready; while :; do sleep 0.05; done';
    const id = await store.ok([
      'run',
      '-d',
      '--stop-signal',
      'USR1',
      '--stop-timeout=-1',
      busybox,
      'sh',
      '-c',
      trap,
    ]);
    const logs = store.start(['logs', '-f', id]);
    await new Promise<void>((resolve) => logs.stdout?.once('data', () => resolve()));
    await store.ok(['stop', id]);
    await logs;
    expect(await store.ok(['logs', id])).toBe('ready\ngot USR1');
    expect(await store.ok(['wait', id])).toBe('3');
    const deaf = await store.ok(['run', '-d', '--stop-timeout', '0', busybox, 'sleep', '1000']);
    await store.ok(['stop', deaf]);
    expect(await store.ok(['wait', deaf])).toBe('137');
  });

  it('takes the user and directory of the image when those named are empty', async () => {
    expect(await inside('id -u; pwd', '-u', '', '-w', '')).toBe('0\n/');
  });
});

describe('the namespaces of a container', () => {
  it('have the host and domain name that are asked for', async () => {
    const script = 'hostname; cat /proc/sys/kernel/domainname';
    expect(await inside(script, '-h', 'berth_7.example', '--domainname', 'example.org')).toBe(
      'berth_7.example\nexample.org',
    );
  });

  it('have clocks of their own', async () => {
    const own = Number(readFileSync('/proc/uptime', 'utf8').split('.')[0]);
    const uptime = Number(await inside('cut -d. -f1 /proc/uptime', '--time-offset', 'boottime=1000000'));
    expect(uptime - own).toBeGreaterThanOrEqual(1_000_000);
    expect(await inside('cat /proc/self/timens_offsets', '--time-offset', '60')).toMatch(
      /^monotonic +60 +0\nboottime +60 +0$/,
    );
  });

  it('have the kernel parameters that are asked for', async () => {
    const options = ['--sysctl', 'net.core.somaxconn=77', '--sysctl', 'kernel.msgmax=4096'];
    const script = 'cat /proc/sys/net/core/somaxconn /proc/sys/kernel/msgmax';
    expect(await inside(script, ...options)).toBe('77\n4096');
  });
});

describe('the files of a container', () => {
  it('include what is asked for in memory', async () => {
    const script = 'grep -E " (/run|/dev/shm) " /proc/mounts; stat -c %a /run; touch /run/x && echo written';
    const mounts = await inside(
      script,
      '--read-only',
      '--tmpfs',
      '/run:size=1m,mode=700',
      '--shm-size',
      '2m',
    );
    expect(mounts).toMatch(/^tmpfs \/run tmpfs rw,nosuid,nodev,noexec,.*size=1024k,mode=700/m);
    expect(mounts).toMatch(/^\S+ \/dev\/shm tmpfs rw,nosuid,nodev,noexec,.*size=2048k/m);
    expect(mounts).toMatch(/^700\nwritten$/m);
  });

  it('leave places to write in memory under a read-only root when asked', async () => {
    const script =
      'for d in /tmp /run /var/tmp /dev/shm /etc; do touch $d/x 2>/dev/null && echo $d; done; true';
    const places = await inside(script, '--read-only', '--read-only-tmpfs');
    expect(places).toBe('/tmp\n/run\n/var/tmp\n/dev/shm');
    expect(await inside(script, '--read-only')).toBe('/dev/shm');
  });

  it('include devices, and only those', async () => {
    const options = ['--device', '/dev/null:/dev/nothing:r', '--device', '/dev/zero:/dev/made/zeros'];
    const script =
      'ls -l /dev/nothing /dev/made/zeros | cut -c 1; head -c 2 /dev/made/zeros | wc -c; echo x > /dev/nothing';
    const { stdout, stderr } = await store.skiff(['run', '--rm', ...options, busybox, 'sh', '-c', script]);
    expect(stdout).toBe('c\nc\n2\n');
    // The same device has more rights under its own name: rules of the devices cgroup are about numbers.
    expect(stderr).toBe('');
  });
});

describe('the rights of a container', () => {
  const status = 'grep -E "^(CapEff|NoNewPrivs|Seccomp):" /proc/self/status';

  it('are capabilities that are added and dropped, with and without CAP_', async () => {
    const all = ['--cap-drop', 'ALL'];
    expect(await inside(status, ...all)).toMatch(/^CapEff:\s0{16}$/m);
    expect(await inside(status, ...all, '--cap-add', 'chown', '--cap-add', 'CAP_KILL')).toMatch(
      /^CapEff:\s0{14}21$/m,
    );
  });

  it.each([
    ['no-new-privileges', '1'],
    ['no-new-privileges:true', '1'],
    ['no-new-privileges=false', '0'],
  ])('cannot grow with %s: %s', async (option, value) => {
    expect(await inside(status, '--security-opt', option)).toMatch(
      new RegExp(`^NoNewPrivs:\\s${value}$`, 'm'),
    );
  });

  it('are filtered by a profile, or by none', async () => {
    const profile = join(directory, 'no-mkdir.json');
    const rules = [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 95 }];
    writeFileSync(profile, JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: rules }));
    expect(await inside(`${status}; mkdir /made 2>&1; true`, '--security-opt', `seccomp=${profile}`)).toMatch(
      /Seccomp:\s2\n.*(not supported|ENOTSUP)/is,
    );
    expect(await inside(status, '--security-opt', 'seccomp=unconfined')).toMatch(/^Seccomp:\s0$/m);
    expect(await inside(status, '--security-opt', 'seccomp=builtin')).toMatch(/^Seccomp:\s2$/m);
  });

  it('show what is masked otherwise', async () => {
    const script = 'grep -c " /proc/sys proc ro" /proc/mounts; true';
    expect(await inside(script)).toBe('1');
    expect(await inside(script, '--security-opt', 'systempaths=unconfined')).toBe('0');
  });

  it('are all that there are when privileged, and switched as in Docker', async () => {
    const script = `${status}; touch /proc/sys/kernel/hostname && echo writable; ls /dev/kmsg`;
    const privileged = await inside(script, '--privileged=true');
    expect(privileged).toMatch(/^Seccomp:\s0\nwritable\n\/dev\/kmsg$/m);
    expect(await inside(status, '--privileged=false')).toMatch(/^Seccomp:\s2$/m);
  });
});

it('names every option in the help, in groups', async () => {
  const help = await store.ok(['run', '--help']);
  for (const group of ['Container:', 'Process:', 'Resources:', 'Files:', 'Security:', 'Devices:'])
    expect(help).toContain(`\n${group}\n`);
  expect(help).toMatch(/^Namespaces/m);
  expect(help.match(/^ {2}(-\w, )?--[a-z-]+/gm)?.length).toBeGreaterThan(50);
  expect(existsSync(join(store.root, 'state.db'))).toBe(true);
});
