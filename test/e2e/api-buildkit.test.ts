import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { buildByBuildKit } from '../helpers/buildkit-client.ts';
import { useBusybox } from '../helpers/busybox.ts';
import { type DockerClient, useClient } from '../helpers/docker-client.ts';
import { describeLong } from '../helpers/long.ts';
import { unpackPackages } from '../helpers/newer-packages.ts';
import { useService } from '../helpers/service.ts';
import { processesWith, useStore } from '../helpers/skiff.ts';
import { until } from '../helpers/until.ts';

const store = useStore();
const busybox = useBusybox(store);
const service = useService(store);

const image = async (name: string) => await service.ok('GET', `/images/${encodeURIComponent(name)}/json`);

describe("a build by BuildKit's own API", () => {
  it("is of the client's files, tells what it does, and becomes an image with that name", async () => {
    const { response, output, done } = await buildByBuildKit(service, {
      name: 'kit:1',
      files: {
        Dockerfile: `FROM ${busybox}\nARG WORD\nCOPY . /files/\nRUN ls /files; echo $WORD | tr a-z A-Z\n`,
        '.dockerignore': 'ignored\n',
        ignored: 'x',
        wanted: 'content',
      },
      attributes: { 'build-arg:WORD': 'loud', 'label:made': 'here', 'force-network-mode': 'none' },
    });
    expect(output).toContain('wanted');
    expect(output).toContain('LOUD');
    expect(output).not.toContain('ignored');
    expect(done).toContain('exporting to image');
    const { Id, Config, RepoTags } = await image('kit:1');
    expect(Object.fromEntries(response)).toMatchObject({
      'containerimage.config.digest': Id,
      'image.name': 'docker.io/library/kit:1',
    });
    expect(Config.Labels).toEqual({ made: 'here' });
    expect(RepoTags).toEqual(['kit:1']);
  });

  it('fails with the step and its exit code', async () => {
    const files = { Other: `FROM ${busybox}\nRUN exit 3\n` };
    const attributes = { filename: 'Other', 'force-network-mode': 'none' };
    await expect(buildByBuildKit(service, { name: 'kit:no', files, attributes })).rejects.toMatchObject({
      code: 2,
      message: expect.stringContaining('did not complete successfully: exit code: 3'),
    });
    expect((await service.request('GET', '/images/kit:no/json')).status).toBe(404);
  });

  it('ends with its client, whose death nobody else tells of', async () => {
    const killed = new AbortController();
    const building = buildByBuildKit(service, {
      name: 'kit:no',
      files: { Dockerfile: `FROM ${busybox}\nRUN exec sleep 86473\n` },
      attributes: { 'force-network-mode': 'none' },
      killed: killed.signal,
    });
    const failed = expect(building).rejects.toMatchObject({ kind: 'unavailable' });
    await until(() => processesWith('sleep 86473').length === 1);
    killed.abort();
    await failed;
    await until(() => processesWith('sleep 86473').length === 0);
    expect((await service.request('GET', '/_ping')).text).toBe('OK');
  });

  it('is refused for what a Dockerfile has not', async () => {
    const files = { Dockerfile: `FROM ${busybox}\n` };
    const attributes = { 'attest:provenance': 'mode=max' };
    await expect(buildByBuildKit(service, { name: 'kit:no', files, attributes })).rejects.toMatchObject({
      message: expect.stringContaining('attest:provenance'),
    });
  });
});

// Of Debian 13, as Debian 12 has neither: fetched for this test alone.
describeLong('the clients of today', () => {
  const directory = mkdtempSync(join(tmpdir(), 'newer-clients-'));
  const docker: DockerClient = useClient(join(directory, 'usr/bin/docker'), service, {
    env: () => ({ DOCKER_CONFIG: directory, SKIFF_BUSYBOX: busybox }),
  });
  const project = join(directory, 'project');

  beforeAll(async () => {
    await unpackPackages('trixie', ['docker-cli', 'docker-buildx', 'docker-compose'], directory);
    symlinkSync(join(directory, 'usr/libexec/docker/cli-plugins'), join(directory, 'cli-plugins'));
    mkdirSync(project);
    const dockerfile = `FROM ${busybox} AS one\nARG X=1\nRUN echo one $X >/one\nFROM one AS two\nCOPY two /two\n`;
    writeFileSync(join(project, 'Dockerfile'), `${dockerfile}CMD ["cat", "/one", "/two"]\n`);
    writeFileSync(join(project, 'two'), 'two\n');
    // Bake of this version has no word for the network of steps.
    writeFileSync(join(project, 'without-run'), `FROM ${busybox} AS one\nFROM one\nCOPY two /two\n`);
    writeFileSync(
      join(project, 'compose.yaml'),
      `services:
  a: {network_mode: none, build: {context: ., network: none, args: {X: "7"}}}
  b: {network_mode: none, build: {context: ., network: none}, command: sleep 1000, stop_grace_period: 0s}
`,
    );
    writeFileSync(
      join(project, 'docker-bake.hcl'),
      `group "default" {
  targets = ["a", "b"]
}
target "a" {
  dockerfile = "without-run"
  target = "one"
  tags = ["bake-a"]
}
target "b" {
  dockerfile = "without-run"
  tags = ["bake-b"]
}
`,
    );
  }, 120_000);
  afterAll(() => rmSync(directory, { recursive: true, force: true }));

  it('buildx builds for docker build, tells the failing step, and what it does not understand', async () => {
    expect(await docker(['build', '--network', 'none', '-t', 'bx:1', project])).toContain(
      'naming to docker.io/library/bx:1',
    );
    expect(await docker(['build', '--network', 'none', '-q', project])).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(await docker(['run', '--rm', '--network', 'none', 'bx:1'])).toBe('one 1\ntwo');
    const input = `FROM ${busybox}\nRUN exit 3\n`;
    const failed = await docker(['build', '--network', 'none', '-'], { input, code: 1 });
    expect(failed).toContain('exit code: 3');
  });

  it('buildx takes the files of a result, or an archive of them', async () => {
    const out = join(directory, 'out');
    const input = `FROM ${busybox} AS made\nRUN mkdir /o; echo hi >/o/f; chmod 4711 /o/f; ln -s f /o/l\nFROM scratch\nCOPY --from=made /o /\n`;
    await docker(['build', '--network', 'none', '-o', out, '-'], { input });
    expect(readFileSync(join(out, 'f'), 'utf8')).toBe('hi\n');
    expect([statSync(join(out, 'f')).mode & 0o7777, readlinkSync(join(out, 'l'))]).toEqual([0o4711, 'f']);
    const archive = `${out}.tar`;
    await docker(['build', '--network', 'none', '-o', `type=tar,dest=${archive}`, '-'], { input });
    expect(execFileSync('tar', ['tf', archive], { encoding: 'utf8' })).toBe('./\nf\nl\n');
  });

  it('bake builds several at once', async () => {
    await docker(['buildx', 'bake', '-f', join(project, 'docker-bake.hcl'), '--set', `*.context=${project}`]);
    expect(await docker(['run', '--rm', '--network', 'none', 'bake-b', 'cat', '/two'])).toBe('two');
    await docker(['image', 'inspect', 'bake-a']);
  });

  it('Compose builds, runs, lists and removes', async () => {
    const compose = (...args: string[]) => docker(['compose', '--project-directory', project, ...args]);
    await compose('build');
    await compose('up', '-d', '--wait', 'b');
    expect(await compose('ps', '--format', '{{.Service}} {{.State}}')).toContain('b running');
    expect(await compose('images')).toContain('project-b');
    expect(await compose('run', '--rm', 'a')).toContain('one 7\ntwo');
    await compose('down', '--rmi', 'all', '-v');
    expect(await docker(['ps', '-aq'])).toBe('');
  });
});
