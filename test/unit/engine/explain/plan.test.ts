import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { explainLabels, explainLinks, readMount } from '../../../../src/engine/explain/files.ts';
import { explainIdMaps, explainNames } from '../../../../src/engine/explain/isolation.ts';
import { explainCgroup } from '../../../../src/engine/explain/limits.ts';
import { sectionsOf } from '../../../../src/engine/explain/sections.ts';
import type { RuntimeMount } from '../../../../src/runtime/options.ts';
import { compilePlan } from '../../../../src/runtime/plan/plan.ts';
import { encodePlan, type PlanRecord } from '../../../../src/runtime/record.ts';
import { createSpec } from '../../../../src/runtime/spec/spec.ts';
import { containerOptions, hostFacts, ID_MAPS, namespaceOptions } from '../../runtime/container-options.ts';

const SETUP: PlanRecord[] = [
  ['copy-value', '/cg/cpuset/cpuset.cpus', '/cg/cpuset/x/cpuset.cpus'],
  ['write', '/cg/pids/x/pids.max', '10'],
  ['write-optional', '/cg/memory/x/memory.memsw.limit_in_bytes', '20'],
  ['device-program', '/cg/x', '00'],
];

/** The sections of a container's plan, by way of its bytes. */
function sections({
  mounts = [] as RuntimeMount[],
  user = 'host' as 'host' | typeof ID_MAPS,
  setup = SETUP,
} = {}) {
  const options = containerOptions({ mounts, namespaces: namespaceOptions({ user }) });
  const plan = compilePlan(createSpec(options, hostFacts()), {
    ...options,
    failure: ['/bin/skiff'],
    cgroup: {
      directories: [{ version: 'v1', path: '/cg/pids/x' }],
      monitor: [{ version: 'v1', path: '/cg/cpu/x.monitor', back: ['/cg/cpu'] }],
      setup,
      mount: { version: 'v1', names: ['pids'] },
    },
  });
  return sectionsOf(encodePlan(plan));
}

const mountsIn = (changes: Parameters<typeof sections>[0] = {}) =>
  sections(changes).init.flatMap((record) => readMount(record) ?? []);

describe('the sections of a plan', () => {
  it('are those between its headings, in their order', () => {
    const { general, setup, init, process: records, teardown } = sections();
    expect(general[0]?.[0]).toBe('id');
    expect(setup).toEqual(SETUP);
    expect(init[0]).toEqual(['propagation', 'private']);
    expect(records[0]).toEqual(['arg', 'sh']);
    expect(teardown[0]).toEqual(['rmdir-cgroup', '/cg/pids/x']);
  });
});

describe('the mounts of a plan', () => {
  it('have a directory of the host as their root where there is no image', () => {
    expect(readMount(['bind-root', '/store/rootfs', '/srv/tree', 'rec,idmap'])).toEqual({
      target: '/',
      type: 'bind',
      source: '/srv/tree',
      options: ['rec', 'idmap'],
    });
  });

  it('are read in the order in which they are made, the root first', () => {
    const mounts = mountsIn();
    expect(mounts.map(({ target }) => target)).toEqual([
      ...['/', '/proc', '/dev', '/dev/pts', '/sys', '/sys/fs/cgroup', '/dev/mqueue', '/dev/shm'],
      ...['/etc/resolv.conf', '/etc/hostname', '/etc/hosts'],
    ]);
    expect(mounts[0]).toEqual({
      target: '/',
      type: 'overlay',
      source: 'overlay',
      lowers: ['/store/layers/top', '/store/layers/base'],
      upper: '/store/upper',
      options: [],
    });
    expect(mounts[1]).toMatchObject({ type: 'proc', source: 'proc' });
    expect(mounts[1]?.options).toEqual(expect.arrayContaining(['nosuid', 'noexec', 'nodev']));
    expect(mounts[2]?.options).toEqual(expect.arrayContaining(['mode=755', 'size=65536k']));
  });

  it('are those of the user with all that the plan says of them', () => {
    const bind = { type: 'bind', recursive: true, propagation: 'rprivate' } as const;
    const mounts = mountsIn({
      mounts: [
        { ...bind, source: '/data', destination: '/srv', readOnly: 'deep' },
        {
          ...bind,
          source: '/volume',
          beneath: 'sub',
          destination: '/srv/below',
          readOnly: 'no',
          chown: true,
        },
        {
          type: 'overlay',
          lowers: ['/image'],
          beneath: 'etc',
          destination: '/image',
          readOnly: true,
        },
        {
          type: 'overlay',
          lowers: ['/host'],
          writes: { upper: '/up', work: '/work' },
          destination: '/host',
          readOnly: false,
        },
      ],
    });
    const at = (path: string) => mounts.find(({ target }) => target === path);
    expect(at('/srv')).toMatchObject({ type: 'bind', source: '/data' });
    expect(at('/srv')?.options).toEqual(expect.arrayContaining(['rec', 'ro']));
    expect(at('/srv/below')).toMatchObject({ source: '/volume', beneath: 'sub' });
    expect(at('/srv/below')?.options).toContain('chown');
    expect(at('/image')).toMatchObject({ type: 'overlay', lowers: ['/image'], beneath: 'etc' });
    expect(at('/image')?.upper).toBeUndefined();
    expect(at('/host')).toMatchObject({ lowers: ['/host'], upper: '/up' });
    expect(at('/host')?.beneath).toBeUndefined();
  });

  it('are devices of the host with a user namespace', () => {
    expect(mountsIn({ user: ID_MAPS })).toContainEqual(
      expect.objectContaining({ target: '/dev/null', type: 'bind', source: '/dev/null' }),
    );
  });

  it('may be of another process', () => {
    expect(readMount(['bind-of', '7', '8000', '/dev/shm', '/dev/shm', 'mkdir'])).toEqual({
      target: '/dev/shm',
      type: 'bind',
      source: '/dev/shm',
      pid: 7,
      options: ['mkdir'],
    });
  });
});

describe('the other words of a plan', () => {
  it('are read as what they mean', () => {
    const labels: PlanRecord[] = [['relabel', '/data', 'system_u:object_r:container_file_t:s0']];
    expect(explainLabels(sections({ setup: labels }))).toEqual([
      { source: '/data', label: 'system_u:object_r:container_file_t:s0' },
    ]);
    expect(explainLinks(sections())).toContainEqual({ path: '/dev/fd', to: '/proc/self/fd' });
    expect(explainNames(sections())).toEqual({ hostname: 'box' });
    expect(explainIdMaps(sections())).toBeUndefined();
    expect(explainIdMaps(sections({ user: ID_MAPS }))).toEqual({ uids: ID_MAPS.uids, gids: ID_MAPS.gids });
    const resources = { devices: [{ allow: false }, { allow: true, type: 'c', major: 1, access: 'rw' }] };
    expect(explainCgroup({ config: JSON.stringify({ linux: { resources } }) }, sections())).toEqual({
      directories: [{ version: 'v1', path: '/cg/pids/x' }],
      monitor: [{ version: 'v1', path: '/cg/cpu/x.monitor' }],
      writes: [
        { file: '/cg/cpuset/x/cpuset.cpus', from: '/cg/cpuset/cpuset.cpus' },
        { file: '/cg/pids/x/pids.max', value: '10' },
        { file: '/cg/memory/x/memory.memsw.limit_in_bytes', value: '20', isOptional: true },
      ],
      devicePrograms: ['/cg/x'],
      deviceRules: ['deny a *:* rwm', 'allow c 1:* rw'],
    });
  });

  /** What a start does, and is explained: by its record in the plan, or by the options that the record is made of. */
  const EXPLAINED = [
    ...['namespace', 'join', 'uid-map', 'gid-map', 'time-offset', 'seccomp', 'label', 'cgroup'],
    ...['monitor-cgroup', 'terminal', 'stdin', 'stop', 'restart', 'timeout', 'health', 'health-arg', 'log'],
    ...['log-attribute', 'write', 'write-optional', 'copy-value', 'device-program', 'relabel', 'host-mount'],
    ...[
      'overlay',
      'bind-root',
      'mount',
      'bind',
      'bind-beneath',
      'bind-of',
      'memory',
      'memory-file',
      'overlay-at',
      'node',
      'symlink',
    ],
    ...[
      'hostname',
      'domainname',
      'sysctl',
      'cgroup-mount',
      'mask',
      'readonly',
      'root-readonly',
      'arg',
      'env',
    ],
    ...[
      'cwd',
      'user',
      'group',
      'keep-groups',
      'reaper',
      'umask',
      'capabilities',
      'no-new-privileges',
      'rlimit',
    ],
    ...['oom-score-adj', 'networks', 'ports', 'resolver'],
  ];

  /** What concerns how skiff goes about it, and nothing that a container is. */
  const SILENT = [
    ...['skiff-plan', 'id', 'rundir', 'exit-record', 'log-compress', 'health-cgroup', 'events', 'volume'],
    ...['target', 'failure', 'firewall', 'repair', 'last-out', 'mkdir', 'propagation', 'loopback', 'pivot'],
    ...['await-network', 'setup', 'init', 'process', 'teardown', 'rmdir-cgroup', 'vacate-cgroup'],
    ...['release-quota', 'remove-tree', 'unlink', 'host-unmount', 'touch', 'call'],
  ];

  it('are all known: who adds a record says whether it is explained', () => {
    const text = readFileSync(new URL('../../../../native/ops.def', import.meta.url), 'utf8');
    const all = [...text.matchAll(/^OP\(\w+, "([^"]+)"/gm)].map(([, name]) => name);
    expect(all.toSorted()).toEqual([...EXPLAINED, ...SILENT].toSorted());
  });
});
