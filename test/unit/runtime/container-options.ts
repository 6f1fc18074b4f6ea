import type { ContainerOptions } from '../../../src/runtime/options.ts';

export const ID = 'a'.repeat(64);

/** A container that asks for nothing in particular. */
export function containerOptions(changes: Partial<ContainerOptions> = {}): ContainerOptions {
  return {
    identity: {
      id: ID,
      runDir: `/run/skiff/${ID}`,
      containerDir: `/store/containers/${ID}`,
      autoRemove: false,
    },
    process: { argv: ['sh', '-c', 'true'], env: ['FOO=bar'], cwd: '/', user: '' },
    rootfs: {
      lowers: ['/store/layers/top', '/store/layers/base'],
      upper: '/store/upper',
      work: '/store/work',
      mountPoint: '/store/rootfs',
      readOnly: false,
    },
    files: { hostname: '/store/hostname', hosts: '/store/hosts', resolvConf: '/store/resolv.conf' },
    isolation: { hostname: 'box', network: 'none' },
    resources: {},
    stdio: { stdin: false, logPath: '/store/log', logMaxBytes: 10_000_000, logMaxFiles: 3 },
    stop: { signal: 15, timeoutMs: 10_000 },
    ...changes,
  };
}
