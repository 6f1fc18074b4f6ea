import { describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { printed, useStore } from '../helpers/skiff.ts';

const store = useStore();
const busybox = useBusybox(store);

const inspected = async (...args: string[]) => JSON.parse(await store.ok(['inspect', ...args]));
const rendered = (template: string, ...names: string[]) => store.ok(['inspect', '-f', template, ...names]);

/** A container with something in every corner, in the background; returns when it has begun. */
async function startFull(name: string): Promise<void> {
  const options = ['--label', 'app=web', '--label', 'tier=1', '-e', 'KEY=value', '--hostname', 'box'];
  const limits = ['--memory', '64m', '--restart', 'on-failure:3', '--log-opt', 'max-size=1m', '--init'];
  const script = 'echo ready; while :; do sleep 1; done';
  await store.ok([
    'run',
    '-d',
    '--name',
    name,
    '--network',
    'none',
    ...options,
    ...limits,
    busybox,
    'sh',
    '-c',
    script,
  ]);
  const follow = store.start(['logs', '-f', name]);
  await printed(follow, 'ready');
  follow.kill();
  await follow;
}

describe('inspect of a container', () => {
  it('has what scripts written for Docker look for', async () => {
    await startFull('full');
    const [container] = await inspected('full');
    expect(container).toMatchObject({
      Name: '/full',
      Path: 'sh',
      Args: ['-c', expect.any(String)],
      RestartCount: 0,
      ExecIDs: null,
      Mounts: [],
      State: {
        Status: 'running',
        Running: true,
        Paused: false,
        Restarting: false,
        Dead: false,
        ExitCode: 0,
        Error: '',
      },
      HostConfig: {
        Binds: null,
        LogConfig: { Type: 'json-file', Config: { 'max-size': '1m', 'max-file': '3' } },
        RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 },
        PortBindings: {},
        Memory: 64 << 20,
        CapAdd: null,
        Dns: [],
        Init: true,
        ConsoleSize: [0, 0],
      },
      Config: {
        Hostname: 'box',
        Tty: false,
        OpenStdin: false,
        Env: expect.arrayContaining(['KEY=value']),
        Cmd: ['sh', '-c', expect.any(String)],
        Image: busybox,
        Volumes: null,
        Entrypoint: null,
        OnBuild: null,
        Labels: { app: 'web', tier: '1' },
      },
      NetworkSettings: { Ports: {}, Networks: { none: { IPAddress: '', Aliases: null } } },
    });
    expect(container.State.Pid).toBeGreaterThan(1);
    expect(container.State).not.toHaveProperty('Health');
    expect(container.State.FinishedAt).toBe('0001-01-01T00:00:00Z');
    expect(Date.parse(container.State.StartedAt)).toBeGreaterThanOrEqual(Date.parse(container.Created));
    await store.ok(['rm', '-f', 'full']);
  });

  it('tells whether the end of its creator’s input is that of its own', async () => {
    const stdin = '{{.Config.OpenStdin}} {{.Config.AttachStdin}} {{.Config.StdinOnce}}';
    for (const [words, told] of [
      [['create', '-i'], 'true true true'],
      [['run', '-di'], 'true false false'],
      [['create', '-i', '-a', 'stdout'], 'true true true'],
      [['create', '-a', 'stdout'], 'false false false'],
      [['create'], 'false false false'],
    ] as const) {
      await store.ok([...words, '--name', 'fed', busybox, 'cat']);
      expect(await store.ok(['inspect', '-f', stdin, 'fed'])).toBe(told);
      await store.ok(['rm', '-f', 'fed']);
    }
  });

  it('is read by the templates of scripts written for Docker', async () => {
    await startFull('script');
    expect(await rendered('{{.State.Status}}', 'script')).toBe('running');
    expect(await rendered('{{.Id}} {{.ID}}', 'script')).toMatch(/^([0-9a-f]{64}) \1$/);
    expect(await rendered('{{range $k,$v := .Config.Labels}}{{$k}}={{$v}};{{end}}', 'script')).toBe(
      'app=web;tier=1;',
    );
    expect(
      await rendered(
        '{{index .Config.Labels "app"}}|{{index .Config.Labels "none"}}|{{.Config.Labels.none}}',
        'script',
      ),
    ).toBe('web||<no value>');
    expect(
      await rendered(
        '{{json .Mounts}} {{json .HostConfig.CapAdd}} {{.HostConfig.CapAdd}} {{len .HostConfig.CapAdd}}',
        'script',
      ),
    ).toBe('[] null [] 0');
    expect(
      await rendered('{{if .State.Health}}{{.State.Health.Status}}{{else}}unchecked{{end}}', 'script'),
    ).toBe('unchecked');
    expect(await rendered('{{range .NetworkSettings.Networks}}[{{.IPAddress}}]{{end}}', 'script')).toBe('[]');
    expect(
      await rendered('{{printf "%.3s" .Config.Hostname}} {{join .Args " " | len}} {{.Name}}', 'script'),
    ).toMatch(/^box \d+ \/script$/);
    expect(await rendered('{{.Config.StopSignal}}|{{.HostConfig.Memory}}', 'script')).toBe('|67108864');
    await store.ok(['rm', '-f', 'script']);
  });

  it('prints what is found, says what is not, and exits with 1', async () => {
    await store.ok(['create', '--name', 'found', busybox, 'true']);
    const both = await store.skiff(['inspect', 'found', 'missing']);
    expect(both.code).toBe(1);
    expect(JSON.parse(both.stdout)).toMatchObject([{ Name: '/found' }]);
    expect(both.stderr).toContain('missing');
    const none = await store.skiff(['inspect', 'missing']);
    expect(none).toMatchObject({ code: 1, stdout: '[]\n' });
    const template = await store.skiff(['inspect', '-f', '{{.Name}}', 'found', 'missing']);
    expect(template).toMatchObject({ code: 1, stdout: '/found\n' });
    expect(await store.skiff(['inspect', '-f', '{{.Name}}', 'missing'])).toMatchObject({
      code: 1,
      stdout: '\n',
    });
    const absent = await store.skiff(['inspect', '-f', '{{.State.Nope}}', 'found']);
    expect(absent.code).toBe(1);
    expect(absent.stderr).toContain(
      'template: :1:8: executing "" at <.State.Nope>: map has no entry for key "Nope"',
    );
    await store.ok(['rm', 'found']);
  });

  it('counts its files when asked to', async () => {
    await store.ok(['run', '--name', 'sized', busybox, 'sh', '-c', 'head -c 5000 /dev/zero >/file']);
    const [plain] = await inspected('sized');
    expect(plain).not.toHaveProperty('SizeRw');
    const [sized] = await inspected('-s', 'sized');
    expect(sized.SizeRw).toBe(5000);
    expect(sized.SizeRootFs).toBeGreaterThan(5000);
    await store.ok(['rm', 'sized']);
  });
});

describe('port', () => {
  it('shows nothing of a container that publishes nothing, and refuses one port by name', async () => {
    await store.ok(['create', '--name', 'portless', busybox, 'true']);
    expect(await store.ok(['port', 'portless'])).toBe('');
    const { code, stderr } = await store.skiff(['port', 'portless', '80']);
    expect([code, stderr]).toEqual([1, 'skiff: container portless publishes no port 80/tcp\n']);
    expect((await store.skiff(['port', 'portless', 'eighty'])).stderr).toContain('invalid port: "eighty"');
    await store.ok(['rm', 'portless']);
  });
});

describe('inspect of an image', () => {
  it('has what scripts written for Docker look for', async () => {
    const [image] = await inspected('--type', 'image', busybox);
    expect(image).toMatchObject({
      Id: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      RepoTags: [busybox],
      RepoDigests: [expect.stringContaining('@sha256:')],
      Parent: '',
      Os: 'linux',
      Architecture: 'amd64',
      Config: { User: '', Volumes: null, OnBuild: null },
      GraphDriver: { Name: 'overlay', Data: { UpperDir: expect.stringContaining('/layers/') } },
      RootFS: { Type: 'layers', Layers: [expect.stringMatching(/^sha256:/)] },
    });
    expect(await rendered('{{index .RepoTags 0}} {{len .RootFS.Layers}}', busybox)).toBe(`${busybox} 1`);
  });

  it('is not looked for among containers when the type says so', async () => {
    await store.ok(['create', '--name', 'only-container', busybox, 'true']);
    const { code, stderr } = await store.skiff(['inspect', '--type', 'image', 'only-container']);
    expect(code).toBe(1);
    expect(stderr).toContain('no such image: only-container');
    await store.ok(['rm', 'only-container']);
  });
});
