import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { useClient } from '../helpers/docker-client.ts';
import { useInternet } from '../helpers/internet.ts';
import { describeLong } from '../helpers/long.ts';
import { type Terminal, useTerminals } from '../helpers/pty.ts';
import { startRegistry, type TestRegistry } from '../helpers/registry.ts';
import { readAll, type Service, useService } from '../helpers/service.ts';
import { useStore } from '../helpers/skiff.ts';

const fileOf = (name: string) => fileURLToPath(new URL(`../clients/${name}`, import.meta.url));

describe('what clients rely on', () => {
  const store = useStore();
  const busybox = useBusybox(store);
  const service = useService(store);

  it('events are told from the head of their answer on', async () => {
    const filters = encodeURIComponent(JSON.stringify({ type: ['container'] }));
    const happening = await service.open('GET', `/events?filters=${filters}`);
    const body = { Image: busybox, Cmd: ['true'], HostConfig: { NetworkMode: 'none' } };
    const { Id } = await service.ok('POST', '/containers/create', { body });
    for await (const line of happening) {
      expect(JSON.parse(String(line).split('\n')[0] ?? '')).toMatchObject({ Action: 'create', id: Id });
      break;
    }
    await service.ok('DELETE', `/containers/${Id}`);
  });

  it('a process has the size that was asked for as soon as there was a connection', async () => {
    const body = {
      Image: busybox,
      Cmd: ['sleep', '1000'],
      HostConfig: { NetworkMode: 'none' },
      StopTimeout: 0,
    };
    const { Id } = await service.ok('POST', '/containers/create', { body });
    await service.ok('POST', `/containers/${Id}/start`);
    const script = 'until [ "$(stty size 2>/dev/null)" = "30 90" ]; do sleep 0.1; done; echo sized';
    const exec = await service.ok('POST', `/containers/${Id}/exec`, {
      body: { Cmd: ['sh', '-c', script], AttachStdout: true, Tty: true },
    });
    const connection = await service.hijack(`/exec/${exec.Id}/start`, { body: { Tty: true } });
    await service.ok('POST', `/exec/${exec.Id}/resize?h=30&w=90`);
    expect((await readAll(connection)).toString()).toBe('sized\r\n');
    await service.ok('POST', `/containers/${Id}/stop`);
  });

  it('an image says in ContainerConfig, too, what a container of it has', async () => {
    const image = await service.ok('GET', `/images/${encodeURIComponent(busybox)}/json`);
    expect(image.Config).toMatchObject({ Cmd: expect.anything() });
    expect(image.ContainerConfig).toMatchObject(image.Config);
  });
});

/** What is typed before a client has taken its terminal over is none of the container's. */
async function isRaw(terminal: Terminal): Promise<void> {
  while ((await terminal.mode()) !== 'raw');
}

/** The container, the volume and the network that nobody was to leave. */
async function leftBy(service: Service): Promise<unknown[]> {
  const containers = await service.ok('GET', '/containers/json?all=1');
  const { Volumes } = await service.ok('GET', '/volumes');
  const networks = await service.ok('GET', '/networks?filters={"type":["custom"]}');
  return [...containers, ...Volumes, ...networks];
}

describeLong('docker-compose', () => {
  const internet = useInternet();
  const busybox = useBusybox(internet.store);
  const service = useService(internet.store);
  const compose = useClient('/usr/bin/docker-compose', service, {
    args: ['--ansi', 'never', '-p', 'story', '-f', fileOf('compose.yml')],
    env: () => ({ IMAGE: busybox }),
  });
  const terminals = useTerminals();
  /** What the published port of a web server answers to its host. */
  const page = async (index = 1) => {
    const address = (await compose(['port', '--index', `${index}`, 'web', '80'])).trim();
    return internet.host.namespace.run('busybox', 'wget', '-qO-', `http://${address}/`);
  };
  const states = async () => (await compose(['ps'])).split('\n').filter((line) => line.startsWith('story_'));

  it('brings a web server up once its database is healthy, on their networks', async () => {
    await compose(['config', '-q']);
    await compose(['up', '-d']);
    expect(await states()).toEqual([
      expect.stringMatching(/^story_database_1 .* Up \(healthy\)/),
      expect.stringMatching(/^story_web_1 .* Up .* 127\.0\.0\.1:\d+->80\/tcp/),
    ]);
    expect(await page()).toBe('page\n');
    expect(await compose(['exec', '-T', 'database', 'wget', '-qO-', 'http://pages/'])).toBe('page');
    expect(await compose(['exec', '-T', 'database', 'cat', '/data/log'])).toBe('story');
    expect(await compose(['exec', '-T', 'web', 'sh', '-c', 'grep elsewhere /etc/hosts; ulimit -n'])).toMatch(
      /^192\.0\.2\.77\s+elsewhere\n2000$/,
    );
    expect(await compose(['logs', '--no-color', 'database'])).toContain('| database of story');
    expect(await compose(['top', 'web'])).toContain('httpd -f -p 80');
    expect(await compose(['up', '-d'])).toMatch(/story_database_1 is up-to-date\nstory_web_1 is up-to-date/);
  });

  it('runs what is asked for beside them, with and without a terminal', async () => {
    expect(await compose(['exec', '-T', 'web', 'cat'], { input: 'typed' })).toBe('typed');
    await compose(['exec', '-T', 'web', 'sh', '-c', 'exit 5'], { code: 5 });
    expect(await compose(['run', '--rm', '-T', 'web', 'wget', '-qO-', 'http://pages/'])).toMatch(/page$/);
    await compose(['run', '--rm', '-T', '--no-deps', 'web', 'sh', '-c', 'exit 3'], { code: 3 });
    for (const verb of [['exec'], ['run', '--rm', '--no-deps']]) {
      const argv = [
        ...compose.argv,
        ...verb,
        'web',
        'sh',
        '-c',
        'echo ready; read word; echo "got $word"; exit 4',
      ];
      const terminal = terminals.open(argv, { env: compose.env });
      await terminal.shows('ready');
      terminal.type('it\r');
      expect([await terminal.exit(), terminal.screen]).toEqual([4, expect.stringContaining('got it')]);
    }
    expect(await states()).toHaveLength(2);
  });

  it('has as many web servers as it is told, each at a port of its own', async () => {
    await compose(['up', '-d', '--scale', 'web=3']);
    expect(await Promise.all([1, 2, 3].map(page))).toEqual(['page\n', 'page\n', 'page\n']);
    await compose(['up', '-d', '--scale', 'web=1']);
    expect(await states()).toHaveLength(2);
  });

  it('stops, starts, pauses and restarts them, and makes them anew with their data', async () => {
    await compose(['stop', '-t', '60']);
    expect(await states()).toEqual([
      expect.stringMatching(/^story_database_1 .* Exit 0/),
      expect.stringMatching(/^story_web_1 .* Exit 137/),
    ]);
    await compose(['start']);
    await compose(['pause', 'database']);
    expect((await states())[0]).toContain('Paused');
    await compose(['unpause', 'database']);
    await compose(['restart', 'web']);
    expect(await page()).toBe('page\n');
    await compose(['kill', 'web']);
    await compose(['rm', '-f', 'web']);
    await compose(['up', '-d', '--force-recreate']);
    expect(await compose(['exec', '-T', 'database', 'cat', '/data/log'])).toBe('story\nstory\nstory');
    expect(await page()).toBe('page\n');
  });

  it('tells what happens, and takes everything back', async () => {
    const events = terminals.open([...compose.argv, 'events'], { env: compose.env });
    // Nothing says that it listens: what it hears of is done until it does.
    const isDone = new AbortController();
    const pausing = (async () => {
      for (; !isDone.signal.aborted; )
        await compose(['pause', 'web']).then(() => compose(['unpause', 'web']));
    })();
    await events.shows('container pause');
    isDone.abort();
    await pausing;
    const following = terminals.open([...compose.argv, 'logs', '-f', '--no-color'], { env: compose.env });
    await following.shows('| database of story');
    await compose(['down', '-v', '-t', '60']);
    await events.shows('container destroy');
    expect(await following.exit()).toBe(0);
    expect(await leftBy(service)).toEqual([]);
  });
});

describeLong('docker-py', () => {
  const internet = useInternet();
  const busybox = useBusybox(internet.store);
  const service = useService(internet.store);
  const python = useClient('/usr/bin/python3', service, { env: () => ({ IMAGE: busybox }) });

  it('does with containers, images, volumes and networks all that people do with it', async () => {
    await python([fileOf('docker_py.py')]);
    expect(await leftBy(service)).toEqual([]);
  });
});

describeLong("Debian's docker", () => {
  const store = useStore();
  const busybox = useBusybox(store);
  const service = useService(store);
  let registry: TestRegistry;
  const docker = useClient('/usr/bin/docker', service);
  const terminals = useTerminals();
  beforeAll(async () => {
    registry = await startRegistry({ user: { name: 'me', password: 'secret' } });
  });
  afterAll(() => registry.stop());
  const run = (...args: string[]) => docker(['run', '--network', 'none', ...args]);
  const onTerminal = (...args: string[]) => terminals.open([...docker.argv, ...args], { env: docker.env });

  it('runs, looks into, changes and removes a container', async () => {
    expect(await run('--rm', busybox, 'echo', 'hello')).toBe('hello');
    await docker(['run', '--rm', '--network', 'none', busybox, 'sh', '-c', 'exit 3'], { code: 3 });
    await docker(['run', '--rm', '--network', 'none', busybox, 'no-such-program'], { code: 127 });
    const script = 'trap "exit 7" TERM; echo started; while :; do sleep 0.1; done';
    await run('-d', '--name', 'one', '--label', 'of=docker', '-e', 'A=b', busybox, 'sh', '-c', script);
    expect(await docker(['ps', '--filter', 'label=of=docker', '--format', '{{.Names}} {{.Image}}'])).toBe(
      `one ${busybox}`,
    );
    expect(await docker(['exec', '-i', '-u', '5', 'one', 'sh', '-c', 'id -u; cat'], { input: 'typed' })).toBe(
      '5\ntyped',
    );
    await docker(['cp', fileOf('compose.yml'), 'one:/made']);
    expect(await docker(['cp', 'one:/made', '-'])).toContain(readFileSync(fileOf('compose.yml'), 'utf8'));
    expect(await docker(['stats', '--no-stream', '--format', '{{.Name}} {{.PIDs}}'])).toMatch(/^one [1-9]/);
    expect(await docker(['diff', 'one'])).toContain('A /made');
    expect(await docker(['top', 'one'])).toContain('sh -c trap');
    await docker(['rename', 'one', 'two']);
    await docker(['update', '--memory', '64m', '--memory-swap', '128m', 'two']);
    const format = '{{.State.Status}} {{.HostConfig.Memory}} {{json .Config.Env}}';
    expect(await docker(['inspect', '-f', format, 'two'])).toMatch(/^running 67108864 \[.*"A=b".*\]$/);
    await docker(['commit', '-c', 'CMD ["ls", "/made"]', 'two', 'made-of-it']);
    expect(await run('--rm', 'made-of-it')).toBe('/made');
    await docker(['rmi', 'made-of-it']);
    await docker(['stop', '-t', '60', 'two']);
    expect(await docker(['wait', 'two'])).toBe('7');
    expect(await docker(['logs', 'two'])).toBe('started');
    await docker(['restart', 'two']);
    await docker(['rm', '-f', 'two']);
    expect(await docker(['inspect', 'two'], { code: 1 })).toContain('No such object: two');
  });

  it('has a terminal, leaves it by its keys and comes back', async () => {
    const script = 'echo ready; while read word; do stty size; echo "got $word"; done; exit 4';
    const first = onTerminal(
      'run',
      '-it',
      '--network',
      'none',
      '--name',
      'typed',
      busybox,
      'sh',
      '-c',
      script,
    );
    await first.shows('ready');
    first.type('one\r');
    await first.shows('24 80\r\ngot one');
    first.type('\x10\x11');
    expect(await first.exit()).toBe(0);
    const second = onTerminal('attach', '--detach-keys', 'ctrl-a,x', 'typed');
    await isRaw(second);
    second.type('two\r');
    await second.shows('got two');
    second.type('\x01x');
    await second.exit();
    const beside = onTerminal('exec', '-it', 'typed', 'sh', '-c', 'echo here; read word; exit 6');
    await beside.shows('here');
    beside.type('\r');
    expect(await beside.exit()).toBe(6);
    const third = onTerminal('attach', 'typed');
    await isRaw(third);
    third.type('\x04');
    expect(await third.exit()).toBe(4);
    await docker(['rm', 'typed']);
    expect(await leftBy(service)).toEqual([]);
  });

  it('builds an image, and takes it to a registry with a password and back', async () => {
    const context = mkdtempSync(join(tmpdir(), 'docker-build-'));
    writeFileSync(join(context, 'Dockerfile'), `FROM ${busybox}\nCOPY file /\nRUN cat /file > /copy\n`);
    writeFileSync(join(context, 'file'), 'of the context');
    const name = `${registry.host}/team/built:1`;
    expect(await docker(['build', '-t', name, context])).toContain(`Successfully tagged ${name}`);
    rmSync(context, { recursive: true });
    expect(await docker(['push', name], { code: 1 })).toMatch(/denied|authentication|unauthorized|password/);
    await docker(['login', '-u', 'me', '--password-stdin', registry.host], { input: 'wrong', code: 1 });
    await docker(['login', '-u', 'me', '--password-stdin', registry.host], { input: 'secret' });
    expect(await docker(['push', name])).toMatch(/1: digest: sha256:/);
    await docker(['rmi', name]);
    expect(await run('--rm', name, 'cat', '/copy')).toMatch(/of the context$/);
    await docker(['logout', registry.host]);
    expect(await docker(['system', 'df'])).toMatch(/^Images +2 /m);
    await docker(['rmi', name]);
  });
});
