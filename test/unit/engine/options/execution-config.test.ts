import { expect, it } from 'vitest';
import type { CreateOptions } from '../../../../src/engine/options/create.ts';
import { executionConfig } from '../../../../src/engine/options/execution-config.ts';
import type { ExecutionConfig, ImageConfig } from '../../../../src/oci/image-config.ts';

const image = (config: ExecutionConfig): ImageConfig => ({
  architecture: 'amd64',
  os: 'linux',
  config,
  rootfs: { type: 'layers', diff_ids: [] },
  history: [],
});

const options = (more: object): CreateOptions =>
  ({ image: 'x', process: {}, stop: {}, namespaces: {}, ...more }) as CreateOptions;

const IMAGE = image({
  User: 'me',
  Env: ['A=1', 'B=2'],
  Entrypoint: ['e'],
  Cmd: ['c'],
  WorkingDir: '/w',
  Labels: { a: '1', b: '2' },
  StopSignal: 'SIGINT',
  ExposedPorts: { '80/tcp': {} },
  Volumes: { '/v': {} },
  OnBuild: ['RUN x'],
  Healthcheck: { Test: ['CMD', 'x'], Interval: 5e9 },
});

it("is the image's where the user says nothing, but for ONBUILD", () => {
  expect(executionConfig(options({}), IMAGE)).toEqual({ ...IMAGE.config, OnBuild: undefined });
});

it('is what the user says, over that', () => {
  const given = options({
    process: { user: 'you', env: ['B=3', 'C=4'], command: ['d'], cwd: '/u' },
    labels: { b: '3' },
    stop: { signal: 'SIGHUP' },
    network: { attachments: [], expose: [{ protocol: 'udp', port: 53 }] },
    health: { intervalMs: 1000 },
  });
  expect(executionConfig(given, IMAGE)).toMatchObject({
    User: 'you',
    Env: ['A=1', 'B=3', 'C=4'],
    Entrypoint: ['e'],
    Cmd: ['d'],
    WorkingDir: '/u',
    Labels: { a: '1', b: '3' },
    StopSignal: 'SIGHUP',
    ExposedPorts: { '53/udp': {}, '80/tcp': {} },
    Volumes: { '/v': {} },
    Healthcheck: { Test: ['CMD', 'x'], Interval: 1e9 },
  });
});

it("has no command of the image's behind another entrypoint", () => {
  const config = executionConfig(options({ process: { entrypoint: ['f'] } }), IMAGE);
  expect(config).toMatchObject({ Entrypoint: ['f'], Cmd: undefined });
});
