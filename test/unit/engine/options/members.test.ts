import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { inspectContainer } from '../../../../src/engine/inspect/container.ts';
import type { CreateOptions } from '../../../../src/engine/options/create.ts';
import type { CgroupPlan } from '../../../../src/runtime/cgroup/plan.ts';
import type { ContainerOptions, HealthSettings, RestartPolicy } from '../../../../src/runtime/options.ts';
import { compilePlan } from '../../../../src/runtime/plan/plan.ts';
import { createSpec } from '../../../../src/runtime/spec/spec.ts';
import {
  containerOptions,
  hostFacts,
  namespaceOptions,
  processOptions,
} from '../../runtime/container-options.ts';
import { containerRow, useContext } from '../fixtures.ts';

const room = useContext();

/** Members that `inspect` says nothing of, and why. */
const NOT_SHOWN = {
  'CreateOptions.image': 'the row keeps its name and id',
  'CreateOptions.name': 'the row keeps it',
  'CreateOptions.platform': 'it chooses the image, which is shown',
  'CreateOptions.runTimeoutMs': 'Docker has no place for it',
  'CreateOptions.snapshotOnStart': 'Docker has no place for it',
  'CreateOptions.step': 'nobody inspects a step of a build',
  'HealthOptions.onFailure': 'Docker has no place for it',
  'NamespaceOptions.timeOffsets': 'Docker has no place for it',
  'NetworkOptions.links': 'with networks they are those of each endpoint',
  'ProcessOptions.initPath': 'Docker has no place for it',
  'ProcessOptions.timeZone': 'Docker has no place for it',
  'ProcessOptions.umask': 'Docker has no place for it',
  'SecurityOptions.unmaskedPaths': 'MaskedPaths and ReadonlyPaths of the bundle show it',
};

/** Members that neither spec nor plan have from the options themselves, and where they have gone before. */
const NOT_RUN = {
  'CreateOptions.cidFile': 'only shown',
  'CreateOptions.image': 'the layers of RootfsOptions',
  'CreateOptions.labels': 'attributes of events and logs',
  'CreateOptions.name': 'attributes of events and logs',
  'CreateOptions.platform': 'it chooses the image',
  'CreateOptions.shell': 'healthSettings makes it argv',
  'CreateOptions.snapshotOnStart': 'snapshotBeforeStart makes it',
  'CreateOptions.step': 'the row keeps it',
  'CreateOptions.volumesFrom': 'its mounts are among those of the container',
  'FileOptions.storageSize': 'the size of RootfsOptions',
  'HealthOptions.test': 'healthSettings makes it argv',
  'LogOptions.driver': 'logSettings',
  'LogOptions.options': 'logSettings',
  'ProcessOptions.attach': 'only shown',
  'ProcessOptions.command': 'mergeProcess makes it argv',
  'ProcessOptions.entrypoint': 'mergeProcess makes it argv',
  'ProcessOptions.keepsCommand': 'mergeProcess makes it argv',
  'RootDirectory.directory': 'the directory, or the layer, of RootfsOptions',
  'RootDirectory.overlay': 'the upper directory of RootfsOptions',
  'SecurityOptions.seccomp': 'prepareSeccomp compiles it',
};

const HEALTH: HealthSettings = {
  argv: ['true'],
  intervalMs: 1,
  timeoutMs: 1,
  startPeriodMs: 1,
  startIntervalMs: 1,
  retries: 1,
  onFailure: 'none',
};

const NO_CGROUP: CgroupPlan = { directories: [], monitor: [], setup: [], mount: undefined };

const interfaces = { ...declared('runtime/options.ts'), ...declared('engine/options/create.ts') };
const { CreateOptions: whole = new Map<string, string>() } = interfaces;

/** The members of `CreateOptions` that are groups, with the names of their interfaces. */
const groups = [...whole].filter(([, type]) => type in interfaces);

/** All that can be asked of a container, as `ProcessOptions.umask`. */
const members = [
  ...membersOf('CreateOptions').filter(
    (name) => !groups.some(([group]) => name === `CreateOptions.${group}`),
  ),
  ...groups.flatMap(([, type]) => membersOf(type)),
];

function membersOf(name: string): string[] {
  return [...(interfaces[name]?.keys() ?? [])].map((member) => `${name}.${member}`);
}

/** The members of each interface of a file with their types, without the words that say a member may be absent. */
function declared(file: string): Record<string, Map<string, string>> {
  const text = readFileSync(resolve(import.meta.dirname, '../../../../src', file), 'utf8');
  const found = [...text.matchAll(/^export interface (\w+)[^{]*\{\n(.*?)^\}/gms)];
  return Object.fromEntries(
    found.map(([, name, body = '']) => {
      const own = body.matchAll(/^ {2}(\w+)\??: (.*?)(?: \| undefined)?;?$/gm);
      return [name, new Map([...own].map(([, member = '', type = '']) => [member, type]))];
    }),
  );
}

/** Notes in `read` which members of a group somebody asks for, whether they are there or not. */
function watched<Group extends object>(name: string, group: Group, read: Set<string>): Group {
  return new Proxy(group, {
    get(target, member) {
      read.add(`${name}.${String(member)}`);
      return Reflect.get(target, member);
    },
  });
}

/** The least that every group has, each watched. */
function watchedOptions(read: Set<string>): CreateOptions {
  const least: Record<string, object> = {
    namespaces: { network: 'none' },
    network: { attachments: [] },
    restart: { name: 'always' },
    log: { driver: 'json-file', options: {} },
  };
  const parts = groups.map(([member, type]) => [member, watched(type, least[member] ?? {}, read)]);
  const options = { ...containerRow().options, ...Object.fromEntries(parts) };
  return watched('CreateOptions', options, read);
}

function watchedRuntime(read: Set<string>): ContainerOptions {
  const plain = containerOptions();
  const restart: RestartPolicy = { name: 'always' };
  return {
    ...plain,
    identity: watched('CreateOptions', plain.identity, read),
    process: watched('ProcessOptions', processOptions(), read),
    files: watched('FileOptions', {}, read),
    namespaces: watched('NamespaceOptions', namespaceOptions(), read),
    security: watched('SecurityOptions', {}, read),
    devices: watched('DeviceOptions', {}, read),
    resources: watched('ResourceOptions', {}, read),
    stop: watched('StopOptions', plain.stop, read),
    supervision: watched(
      'CreateOptions',
      { restart: watched('RestartPolicy', restart, read), health: watched('HealthOptions', HEALTH, read) },
      read,
    ),
  };
}

describe('what can be asked of a container', () => {
  it('is declared in groups that this test finds', () => {
    for (const member of ['CreateOptions.autoRemove', 'ProcessOptions.oomScoreAdj', 'RestartPolicy.maximum'])
      expect(members).toContain(member);
    expect(members.length).toBeGreaterThan(80);
  });

  it('is shown by inspect, member by member', async () => {
    const read = new Set<string>();
    const row = containerRow({ options: watchedOptions(read) });
    await inspectContainer(room.context, { row, status: { state: 'created' } });
    expect(members.filter((member) => !read.has(member)).sort()).toEqual(Object.keys(NOT_SHOWN).sort());
  });

  it('is looked at by the spec or the plan, member by member', () => {
    const read = new Set<string>();
    const runtime = watchedRuntime(read);
    const spec = createSpec(watched('CreateOptions', runtime, read), hostFacts());
    compilePlan(spec, { ...runtime, cgroup: NO_CGROUP, failure: [] });
    // Networks are no part of either: engine/endpoints and network/ make files of them.
    const others = members.filter((member) => !member.startsWith('NetworkOptions.'));
    expect(others.filter((member) => !read.has(member)).sort()).toEqual(Object.keys(NOT_RUN).sort());
  });
});
