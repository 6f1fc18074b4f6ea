import { readIfPresent } from '../../host/missing.ts';
import { type ImageConfig, parseImageConfig } from '../../oci/image-config.ts';
import type { RuntimeSpec } from '../../oci/runtime-config.ts';
import { containerNetworking } from '../endpoints/shown.ts';
import type { IdMaps, IdRange } from '../options/create.ts';
import { livingExecIds } from '../state/exec-ids.ts';
import type { Observed } from '../state/observe.ts';
import { containerSize } from '../state/size.ts';
import { isUp } from '../state/status.ts';
import { containerPaths } from '../store/container-paths.ts';
import type { ContainerRow } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import { imageById } from '../store/images.ts';
import { storageDriver } from '../store/layer-directories.ts';
import { rootfsOf } from '../store/root-file-system.ts';
import { containerConfig } from './config.ts';
import { imageManifest } from './descriptor.ts';
import { hidden, listOrNull, mapOf } from './go-json.ts';
import { hostConfigOf } from './host-config.ts';
import { mountPoints } from './mounts.ts';
import { networkSettings } from './network-settings.ts';
import { stateOf } from './state.ts';

export interface InspectOptions {
  /** Whether the sizes on disk are told, too. */
  size?: boolean | undefined;
}

/** A container as `docker inspect` shows it (Docker Engine API, ContainerInspect): JSON, Docker's names and units. */
export async function inspectContainer(
  context: Context,
  observed: Observed,
  { size = false }: InspectOptions = {},
): Promise<object> {
  const { row } = observed;
  const paths = containerPaths(context.paths, row.id);
  const [path, ...args] = row.argv;
  const bundle = readBundle(paths.config);
  const files = bindSources(bundle);
  const image = imageOf(context, row);
  const manifest = image && imageManifest(context, row.imageId, image);
  const networking = containerNetworking(context, observed);
  const driver = storageDriver(context);
  return hidden(
    {
      Id: row.id,
      Created: new Date(row.createdAt).toISOString(),
      Path: path,
      Args: args,
      State: stateOf(context, observed),
      Image: row.imageId,
      // Podman's.
      ...(row.options.rootfs === undefined ? {} : { Rootfs: row.options.rootfs.directory }),
      ResolvConfPath: files.get('/etc/resolv.conf') ?? '',
      HostnamePath: files.get('/etc/hostname') ?? '',
      HostsPath: files.get('/etc/hosts') ?? '',
      LogPath: (row.options.log?.driver ?? 'json-file') === 'json-file' ? paths.log : '',
      Name: `/${row.name}`,
      RestartCount: restartsOf(observed.status),
      Driver: driver,
      Platform: 'linux',
      MountLabel: '',
      ProcessLabel: bundle.process?.selinuxLabel ?? '',
      AppArmorProfile: bundle.process?.apparmorProfile ?? '',
      ExecIDs: listOrNull(livingExecIds(paths.execs)),
      HostConfig: hostConfigOf(row, {
        maskedPaths: bundle.linux?.maskedPaths ?? [],
        readonlyPaths: bundle.linux?.readonlyPaths ?? [],
        networking,
      }),
      GraphDriver: { Data: graphData(context, row), Name: driver },
      ...(size ? await sizeOf(context, row) : {}),
      Mounts: mountPoints(row.options.mounts, files),
      Config: containerConfig(row, image),
      NetworkSettings: networkSettings(row, networking, firstProcess(observed.status)),
      ...(manifest === undefined ? {} : { ImageManifestDescriptor: manifest }),
      ...(row.idMaps === undefined ? {} : { IDMappings: idMappingsOf(row.idMaps) }),
    },
    { ID: row.id },
  );
}

function imageOf({ database }: Context, { imageId, imageConfig }: ContainerRow): ImageConfig | undefined {
  const text = imageById(database, imageId)?.config ?? imageConfig;
  return text === undefined ? undefined : parseImageConfig(Buffer.from(text));
}

async function sizeOf(context: Context, row: ContainerRow): Promise<object> {
  const { own, total } = await containerSize(context, row, imageById(context.database, row.imageId));
  return { SizeRw: own, SizeRootFs: total };
}

/** The container's `config.json`; empty when its directory is gone. */
function readBundle(file: string): Partial<RuntimeSpec> {
  const text = readIfPresent(file);
  return text === undefined ? {} : (JSON.parse(text) as RuntimeSpec);
}

/** Paths in the container and what is mounted there: with a shared network the files are another container's. */
function bindSources({ mounts = [] }: Partial<RuntimeSpec>): Map<string, string> {
  return new Map(mounts.map(({ destination, source }) => [destination, source]));
}

/** Writes id maps as Podman does. */
function idMappingsOf({ uids, gids }: IdMaps): object {
  const lines = (ranges: readonly IdRange[]) =>
    ranges.map(({ inside, outside, count }) => `${inside}:${outside}:${count}`);
  return { UidMap: lines(uids), GidMap: lines(gids) };
}

function graphData(context: Context, row: ContainerRow): object {
  const { directory, copyOf, lowers, mountPoint, upper, work } = rootfsOf(context, row);
  if (directory !== undefined) return mapOf({ MergedDir: directory });
  if (copyOf !== undefined) return mapOf({ MergedDir: upper });
  return mapOf({ LowerDir: lowers.join(':'), MergedDir: mountPoint, UpperDir: upper, WorkDir: work });
}

function firstProcess(status: Observed['status']): number | undefined {
  return status.state === 'running' ? status.record.init.pid : undefined;
}

function restartsOf(status: Observed['status']): number {
  if (isUp(status)) return status.record.restarts;
  return status.state === 'exited' ? (status.record.restarts ?? 0) : 0;
}
