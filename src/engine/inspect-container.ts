import { join } from 'node:path';
import { hexOf } from '../oci/digest.ts';
import { parseImageConfig } from '../oci/image-config.ts';
import type { Context } from './context.ts';
import { imageById } from './image-store.ts';
import { mergeProcess } from './process-config.ts';
import type { Observed } from './reconcile.ts';

/** What Docker writes for a time that has not come. */
const NEVER = '0001-01-01T00:00:00Z';

/** A container as `docker inspect` shows it (Docker Engine API, ContainerInspect): JSON, Docker's names and units. */
export function inspectContainer(context: Context, { row, status }: Observed): object {
  const directory = join(context.paths.containers, row.id);
  const [path, ...args] = row.argv;
  return {
    Id: row.id,
    Created: new Date(row.createdAt).toISOString(),
    Path: path,
    Args: args,
    State: stateOf({ row, status }),
    Image: row.imageId,
    ResolvConfPath: join(directory, 'resolv.conf'),
    HostnamePath: join(directory, 'hostname'),
    HostsPath: join(directory, 'hosts'),
    LogPath: join(directory, 'log'),
    Name: `/${row.name}`,
    RestartCount: 0,
    Driver: 'overlay',
    Platform: 'linux',
    HostConfig: hostConfigOf({ row, status }),
    GraphDriver: { Name: 'overlay', Data: overlayOf(context, { row, status }) },
    Mounts: [],
    Config: configOf(context, { row, status }),
    NetworkSettings: { Networks: { [row.options.isolation.network]: {} } },
  };
}

function stateOf({ row, status }: Observed): object {
  const exit = status.state === 'exited' ? status.record : undefined;
  const running = status.state === 'running' ? status.record : undefined;
  return {
    Status: status.state === 'starting' ? 'created' : status.state,
    Running: running !== undefined,
    Paused: false,
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

function hostConfigOf({ row: { options } }: Observed): object {
  const { resources, isolation } = options;
  return {
    NetworkMode: isolation.network,
    AutoRemove: options.autoRemove,
    ReadonlyRootfs: isolation.readOnly,
    Privileged: false,
    LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '3' } },
    RestartPolicy: { Name: 'no', MaximumRetryCount: 0 },
    Memory: resources.memory ?? 0,
    MemorySwap: 2 * (resources.memory ?? 0),
    NanoCpus: resources.nanoCpus ?? 0,
    PidsLimit: resources.pidsLimit ?? null,
  };
}

function overlayOf(context: Context, { row }: Observed): object {
  const directory = join(context.paths.containers, row.id);
  const lowers = row.layers.map((chainID) => join(context.paths.layers, hexOf(chainID)));
  return {
    LowerDir: lowers.reverse().join(':'),
    MergedDir: join(directory, 'rootfs'),
    UpperDir: join(directory, 'upper'),
    WorkDir: join(directory, 'work'),
  };
}

function configOf(context: Context, { row }: Observed): object {
  const { process, isolation } = row.options;
  const image = imageById(context.database, row.imageId);
  const config = image === undefined ? undefined : parseImageConfig(Buffer.from(image.config));
  const merged = config && mergeProcess(config, process, row.imageName);
  return {
    Hostname: isolation.hostname ?? row.id.slice(0, 12),
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
    ...(config?.config.StopSignal ? { StopSignal: config.config.StopSignal } : {}),
  };
}
