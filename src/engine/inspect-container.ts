import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RuntimeSpec } from '../oci/runtime-config.ts';
import type { Context } from './context.ts';
import type { IdMaps, IdRange } from './create-options.ts';
import { imageConfigOf } from './image-store.ts';
import { hostConfigOf, namespaceMode } from './inspect-host-config.ts';
import { layerDirectories } from './layer-directories.ts';
import { mergeProcess } from './process-config.ts';
import type { Observed } from './reconcile.ts';

/** What Docker writes for a time that has not come. */
const NEVER = '0001-01-01T00:00:00Z';

/** A container as `docker inspect` shows it (Docker Engine API, ContainerInspect): JSON, Docker's names and units. */
export function inspectContainer(context: Context, { row, status }: Observed): object {
  const directory = join(context.paths.containers, row.id);
  const [path, ...args] = row.argv;
  const bundle = readBundle(directory);
  const files = bindSources(bundle);
  return {
    Id: row.id,
    Created: new Date(row.createdAt).toISOString(),
    Path: path,
    Args: args,
    State: stateOf({ row, status }),
    Image: row.imageId,
    ResolvConfPath: files.get('/etc/resolv.conf') ?? '',
    HostnamePath: files.get('/etc/hostname') ?? '',
    HostsPath: files.get('/etc/hosts') ?? '',
    LogPath: join(directory, 'log'),
    Name: `/${row.name}`,
    RestartCount: 0,
    Driver: 'overlay',
    Platform: 'linux',
    AppArmorProfile: bundle.process?.apparmorProfile ?? '',
    ProcessLabel: bundle.process?.selinuxLabel ?? '',
    HostConfig: hostConfigOf(row, {
      maskedPaths: bundle.linux?.maskedPaths ?? [],
      readonlyPaths: bundle.linux?.readonlyPaths ?? [],
    }),
    ...(row.idMaps === undefined ? {} : { IDMappings: idMappingsOf(row.idMaps) }),
    GraphDriver: { Name: 'overlay', Data: overlayOf(context, { row, status }) },
    Mounts: [],
    Config: configOf(context, { row, status }),
    NetworkSettings: { Networks: { [namespaceMode(row.options.namespaces.network)]: {} } },
  };
}

/** The container's `config.json`; empty when its directory is gone. */
function readBundle(directory: string): Partial<RuntimeSpec> {
  try {
    return JSON.parse(readFileSync(join(directory, 'config.json'), 'utf8')) as RuntimeSpec;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
    throw error;
  }
}

/** Paths in the container and what is mounted there: with a shared network the files are another container's. */
function bindSources({ mounts = [] }: Partial<RuntimeSpec>): Map<string, string> {
  return new Map(mounts.map(({ destination, source }) => [destination, source]));
}

/** As Podman writes them. */
function idMappingsOf({ uids, gids }: IdMaps): object {
  const lines = (ranges: readonly IdRange[]) =>
    ranges.map(({ inside, outside, count }) => `${inside}:${outside}:${count}`);
  return { UidMap: lines(uids), GidMap: lines(gids) };
}

function stateOf({ row, status }: Observed): object {
  const exit = status.state === 'exited' ? status.record : undefined;
  const running = status.state === 'running' ? status.record : undefined;
  const isPaused = status.state === 'running' && status.paused === true;
  return {
    Status: isPaused ? 'paused' : status.state === 'starting' ? 'created' : status.state,
    Running: running !== undefined,
    Paused: isPaused,
    Restarting: false,
    OOMKilled: exit?.oom ?? false,
    Dead: false,
    Pid: running?.init.pid ?? 0,
    ExitCode: exit?.code ?? row.error?.exitCode ?? 0,
    Error: row.error?.message ?? '',
    StartedAt: timeOf((running ?? exit)?.started),
    FinishedAt: timeOf(exit?.finished),
  };
}

function timeOf(ms: number | undefined): string {
  return ms === undefined || ms === 0 ? NEVER : new Date(ms).toISOString();
}

function overlayOf(context: Context, { row }: Observed): object {
  const directory = join(context.paths.containers, row.id);
  return {
    LowerDir: layerDirectories(context.paths, row.layers, row.idMaps).join(':'),
    MergedDir: join(directory, 'rootfs'),
    UpperDir: join(directory, 'upper'),
    WorkDir: join(directory, 'work'),
  };
}

function configOf(context: Context, { row }: Observed): object {
  const { process, namespaces, stop } = row.options;
  const config = imageConfigOf(context.database, row.imageId);
  const stopSignal = stop.signal || config?.config.StopSignal;
  const merged = config && mergeProcess(config, process, row.imageName);
  return {
    Hostname: namespaces.hostname ?? row.id.slice(0, 12),
    Domainname: namespaces.domainname ?? '',
    User: merged?.user ?? process.user ?? '',
    AttachStdin: process.stdin,
    OpenStdin: process.stdin,
    StdinOnce: process.stdin,
    Tty: false,
    Env: merged?.env ?? process.env,
    Cmd: process.command.length > 0 ? process.command : (config?.config.Cmd ?? null),
    Image: row.imageName,
    WorkingDir: merged?.cwd ?? process.cwd ?? '',
    Entrypoint: process.entrypoint ?? config?.config.Entrypoint ?? null,
    Labels: config?.config.Labels ?? {},
    ...(stopSignal ? { StopSignal: stopSignal } : {}),
    ...(stop.timeoutMs === undefined ? {} : { StopTimeout: Math.round(stop.timeoutMs / 1000) }),
  };
}
