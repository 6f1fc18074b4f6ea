import { mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { useBusybox } from '../helpers/busybox.ts';
import { EXECUTABLE } from '../helpers/executable.ts';
import { useStore } from '../helpers/skiff.ts';
import { until } from '../helpers/until.ts';

const store = useStore();
const busybox = useBusybox(store);
let place: string;
beforeAll(() => {
  place = mkdtempSync(join(tmpdir(), 'skiff-alias-'));
});
afterAll(() => rmSync(place, { recursive: true, force: true }));

/** Calls the link, with this store as the one that it means. */
async function docker(args: readonly string[], env: Record<string, string> = {}) {
  const { stdout, stderr, exitCode } = await execa(join(place, 'docker'), args, {
    reject: false,
    env: { SKIFF_ROOT: store.root, SKIFF_NETWORK: 'none', DOCKER_HOST: '', ...env },
  });
  return { stdout, stderr, code: exitCode };
}

describe('skiff by the name of docker', () => {
  it('is a link to it, made once, and in nobody else’s place', async () => {
    for (const _ of [1, 2])
      expect(await store.ok(['install', '--docker-alias', place])).toBe(join(place, 'docker'));
    expect(readlinkSync(join(place, 'docker'))).toBe(EXECUTABLE);
    const other = mkdtempSync(join(place, 'other-'));
    writeFileSync(join(other, 'docker'), '#!/bin/sh\n', { mode: 0o755 });
    const refused = await store.skiff(['install', '--docker-alias', other]);
    expect([refused.code, refused.stderr]).toEqual([
      125,
      expect.stringContaining('is there already, and is not skiff'),
    ]);
  });

  it('does what scripts say to docker', async () => {
    const run = await docker([
      '-l',
      'warn',
      '--context',
      'default',
      'run',
      '--rm',
      busybox,
      'sh',
      '-c',
      'echo hi; exit 3',
    ]);
    expect([run.code, run.stdout]).toEqual([3, 'hi']);
    const version = await docker(['version', '--format', '{{.Server.Os}} {{.Client.ApiVersion}}']);
    expect(version.stdout).toBe('linux 1.51');
    expect((await docker(['info', '-f', '{{.OSType}} {{json .Swarm.LocalNodeState}}'])).stdout).toBe(
      'linux "inactive"',
    );
  });

  it('refuses what is about another engine, and says who does what it does not', async () => {
    const elsewhere = await docker(['rm', '-f', 'web'], { DOCKER_HOST: 'ssh://ada@prod' });
    expect([elsewhere.code, elsewhere.stderr]).toEqual([
      125,
      expect.stringContaining('DOCKER_HOST ssh://ada@prod is about another engine'),
    ]);
    const compose = await docker(['compose', 'up', '-d']);
    expect([compose.code, compose.stderr]).toEqual([1, expect.stringContaining('docker-compose does that')]);
  });

  it('is what clients find by ssh, which all speak to one service that the first of them starts', async () => {
    const ask = async (request: string) => {
      const input = `${request} HTTP/1.1\r\nHost: docker\r\nConnection: close\r\n\r\n`;
      const { stdout } = await execa(join(place, 'docker'), ['system', 'dial-stdio'], {
        env: { SKIFF_ROOT: store.root, SKIFF_NETWORK: 'none', DOCKER_HOST: '' },
        input,
      });
      return stdout;
    };
    const answers = await Promise.all([ask('GET /_ping'), ask('HEAD /_ping'), ask('GET /nothing')]);
    expect(answers.map((text) => text.split('\r\n')[0])).toEqual([
      ...['HTTP/1.1 200 OK', 'HTTP/1.1 200 OK', 'HTTP/1.1 404 Not Found'],
    ]);
    const services = () => processesWith('service', '-H', store.root);
    const [service = 0, ...others] = services();
    expect(others).toEqual([]);
    process.kill(service, 'SIGTERM');
    await until(() => services().length === 0);
  });
});

/** The processes that have all these words in their command lines. */
function processesWith(...words: readonly string[]): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && words.every((word) => commandLine(pid).includes(word)));
}

function commandLine(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'latin1').split('\0');
  } catch {
    return []; // it has ended meanwhile
  }
}
