import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { containerPaths, namesOfNetwork, runtimeIds } from '../../../../src/engine/store/container-paths.ts';
import { storePaths } from '../../../../src/host/paths.ts';
import { ID, useContext } from '../fixtures.ts';

const PATHS = storePaths('/var/lib/skiff');
const own = containerPaths(PATHS, ID);

describe('the paths of a container', () => {
  it('are below its directory for what stays', () => {
    const directory = `/var/lib/skiff/containers/${ID}`;
    const { config, hostsFiles, localtime, upper, work, rootfs, log, exit } = own;
    expect([own.directory, config, localtime, upper, work, rootfs, log, exit]).toEqual([
      directory,
      ...['config.json', 'localtime', 'upper', 'work', 'rootfs', 'log', 'exit'].map((name) =>
        join(directory, name),
      ),
    ]);
    expect(hostsFiles).toEqual({
      hosts: join(directory, 'hosts'),
      hostname: join(directory, 'hostname'),
      resolvConf: join(directory, 'resolv.conf'),
    });
  });

  it('are below its runtime directory for what a run has', () => {
    const run = `/run/skiff/${ID}`;
    const { plan, state, control, health, eventAttributes, execs, networks, ports, resolverRules } = own;
    expect([
      own.runDir,
      plan,
      state,
      control,
      health,
      eventAttributes,
      execs,
      networks,
      ports,
      resolverRules,
    ]).toEqual([
      run,
      ...[
        'plan',
        'state',
        'ctl',
        'health',
        'event-attributes',
        'exec',
        'networks',
        'ports',
        'resolver-rules',
      ].map((name) => join(run, name)),
    ]);
  });

  it('are beside those of others for its mark and for what resolvers read', () => {
    const { gone, resolver, names } = own;
    expect([gone, resolver, names('n1')]).toEqual([
      `/run/skiff/gone/${ID}`,
      `/run/skiff/names/containers/${ID}`,
      `/run/skiff/names/networks/n1/${ID}`,
    ]);
    expect(namesOfNetwork(PATHS, 'n1')).toBe('/run/skiff/names/networks/n1');
  });
});

describe('the containers with a runtime directory', () => {
  const test = useContext();

  it('are none without a runtime root', () => {
    expect(runtimeIds(test.context.paths)).toEqual([]);
  });

  it('are those whose directories are there, and nothing else that lies there', () => {
    const { paths } = test.context;
    mkdirSync(containerPaths(paths, ID).runDir, { recursive: true });
    mkdirSync(paths.gone);
    writeFileSync(join(paths.run, 'root'), '');
    expect(runtimeIds(paths)).toEqual([ID]);
  });
});
