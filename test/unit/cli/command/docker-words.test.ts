import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { elsewhere, withoutDockerOptions } from '../../../../src/cli/command/docker-words.ts';

beforeEach(() => {
  vi.stubEnv('DOCKER_HOST', undefined);
  vi.stubEnv('DOCKER_CONFIG', undefined);
});
afterEach(() => vi.unstubAllEnvs());

describe("Docker's options in front of a command", () => {
  it.each([
    ['run -H x -l y busybox', 'run -H x -l y busybox'],
    ['-D ps -a', '--debug ps -a'],
    ['-l debug info', '--debug info'],
    ['--log-level=warn info', 'info'],
    ['-H unix:///var/run/docker.sock ps', 'ps'],
    ['--host=unix:///run/skiff/docker.sock ps', 'ps'],
    ['-c default ps', 'ps'],
    ['--context=default --version', '--version'],
    ['-v', '-v'],
    ['', ''],
  ])('"%s" is "%s"', (given, own) => {
    expect(withoutDockerOptions(given.split(' ').filter(Boolean)).join(' ')).toBe(own);
  });

  it('say where credentials are', () => {
    expect(withoutDockerOptions(['--config', '/etc/dock', 'pull', 'x'])).toEqual(['pull', 'x']);
    expect(process.env.DOCKER_CONFIG).toBe('/etc/dock');
  });

  it.each([
    '-H ssh://ada@prod ps',
    '--host=tcp://10.0.0.1:2376 ps',
    '-c prod ps',
    '--tlsverify ps',
    '--tlskey=k ps',
  ])('are refused when they are about another engine: "%s"', (given) => {
    expect(() => withoutDockerOptions(given.split(' '))).toThrow('another engine than that of this host');
  });

  it('count beside DOCKER_HOST, which may not name another engine either', () => {
    vi.stubEnv('DOCKER_HOST', 'unix:///run/docker.sock');
    expect(withoutDockerOptions(['ps'])).toEqual(['ps']);
    vi.stubEnv('DOCKER_HOST', 'ssh://ada@prod');
    expect(() => withoutDockerOptions(['rm', '-f', 'web'])).toThrow(
      'DOCKER_HOST ssh://ada@prod is about another engine',
    );
  });
});

it('commands of Docker that there are not say who does what they do', () => {
  expect(elsewhere('compose')).toContain('docker-compose');
  expect([elsewhere('run'), elsewhere('constructor')]).toEqual([undefined, undefined]);
});
