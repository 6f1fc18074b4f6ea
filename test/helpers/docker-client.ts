import { accessSync, constants, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect } from 'vitest';
import type { Service } from './service.ts';

/** A program of Debian's packages that speaks Docker's API, unmodified, to a service. */
export interface DockerClient {
  /** Runs it to its end; fails the test unless its exit code is `code`, and returns what it printed, both streams. */
  (args: readonly string[], options?: { input?: string; code?: number }): Promise<string>;
  /** argv and environment, for terminals. */
  argv: readonly string[];
  env: Record<string, string>;
}

/** `program`: the path of what a package has, as others may have installed something of the same name. */
export function useClient(
  program: string,
  service: Pick<Service, 'socket'>,
  { args: first = [], env: more = () => ({}) }: ClientSettings = {},
): DockerClient {
  let home = '';
  beforeAll(() => {
    home = mkdtempSync(join(tmpdir(), 'docker-client-'));
  });
  afterAll(() => rmSync(home, { recursive: true, force: true }));
  const env = () => ({
    PATH: process.env['PATH'] ?? '',
    HOME: home,
    DOCKER_HOST: `unix://${service.socket}`,
    ...more(),
  });
  const run = async (args: readonly string[], { input = '', code = 0 } = {}): Promise<string> => {
    requireInstalled(program);
    const outcome = await execa(program, [...first, ...args], {
      reject: false,
      all: true,
      input,
      env: env(),
      extendEnv: false,
    });
    expect(outcome.exitCode, `${program} ${args.join(' ')}: ${outcome.all}`).toBe(code);
    return outcome.all;
  };
  return Object.defineProperties(run as DockerClient, {
    argv: { value: [program, ...first] },
    env: { get: env },
  });
}

export interface ClientSettings {
  /** In front of all arguments. */
  args?: readonly string[];
  env?: () => Record<string, string>;
}

function requireInstalled(program: string): void {
  try {
    accessSync(program, constants.X_OK);
  } catch {
    throw new Error(`missing: ${program} (apt-get install docker.io docker-compose)`);
  }
}
