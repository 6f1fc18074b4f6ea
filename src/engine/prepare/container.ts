import { randomHex } from '../../host/random.ts';
import { type ImageConfig, parseImageConfig } from '../../oci/image-config.ts';
import type { RuntimeSpec } from '../../oci/runtime-config.ts';
import { keepsLimitsFromNamespaces, readCgroupLayout } from '../../runtime/cgroup/layout.ts';
import { canControlDevices } from '../../runtime/cgroup/paths.ts';
import { planCgroup } from '../../runtime/cgroup/plan.ts';
import type { ContainerOptions, MemoryFiles, RuntimeMount } from '../../runtime/options.ts';
import { compilePlan } from '../../runtime/plan/plan.ts';
import { encodePlan } from '../../runtime/record.ts';
import { type HostFacts, readHostFacts } from '../../runtime/spec/host-facts.ts';
import { lacksOwnProfile } from '../../runtime/spec/lsm.ts';
import { createSpec } from '../../runtime/spec/spec.ts';
import { attachmentByName } from '../endpoints/attachment.ts';
import { networkPlacement } from '../endpoints/placement.ts';
import { type NetworkedContainer, type PreparedNetworking, prepareNetworking } from '../endpoints/prepare.ts';
import { randomName } from '../options/container-name.ts';
import type { CreateOptions, RootDirectory } from '../options/create.ts';
import { isPlain } from '../options/network.ts';
import { type ContainerPaths, containerPaths } from '../store/container-paths.ts';
import type { ContainerId, ContainerRow } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import type { ImageRow } from '../store/images.ts';
import type { ResolvedVolume } from '../volumes/resolve.ts';
import type { MountSurroundings, PreparedMounts } from './mounts.ts';
import { type PreparedNamespaces, prepareNamespaces } from './namespaces.ts';
import { runtimeOptions } from './runtime-options.ts';
import { prepareSeccomp } from './seccomp.ts';

/** A container to be, decided down to the system calls of its start. Nothing of it exists yet. */
export interface PreparedContainer {
  readonly id: ContainerId;
  readonly name: string;
  readonly image: ImageRow;
  /** The options as they are kept: ids in the place of other containers' names. */
  readonly options: CreateOptions;
  readonly namespaces: PreparedNamespaces;
  /** Absent: no networks of its own. */
  readonly networking: PreparedNetworking | undefined;
  readonly runtime: ContainerOptions;
  /** Some may not be there yet. */
  readonly volumes: readonly ResolvedVolume[];
  /** The file of its time zone; absent: that of its image. */
  readonly timeZone: Uint8Array | undefined;
  /** The text of `config.json`. */
  readonly config: string;
  readonly plan: Uint8Array;
  /** The same with what is secret, of a step that has something: never written to a disk. */
  readonly secretPlan: Uint8Array | undefined;
}

/**
 * What a step of a build has besides its options, and what no row keeps: its mounts are of that run alone, and what is
 * secret is on no disk.
 */
export interface StepExtras {
  mounts: readonly RuntimeMount[];
  /** `NAME=value`. */
  secretEnvironment: readonly string[];
  /** Absent: there are none. */
  memory?: MemoryFiles | undefined;
}

/** Decides them when it is known where the container's own will lie. Nothing is there yet, and nothing is made. */
export type StepExtrasAt = (own: ContainerPaths) => StepExtras;

/** A container whose start begins: it holds the addresses and ports of its endpoints. */
export type LeasedContainer = PreparedContainer & Pick<NetworkedContainer, 'endpoints'>;

/**
 * Decides everything about a start: names are resolved, options merged with the image's, spec and plan made. Whatever
 * can be refused is refused here, but for what others may take until its row is inserted: its name, ids, addresses and
 * ports. Of the container nothing is written. What is kept is the same for all: a compiled seccomp program, the kernel's
 * answer about id maps, and skiff's AppArmor profile, in the kernel. An `existing` container keeps its id, its name and
 * its ids of the host; everything else is decided again, from `options`, which are then those of its row. A step of a build may
 * have `extras`, and is called by its id.
 */
export async function prepareContainer(
  context: Context,
  asked: CreateOptions,
  image: ImageRow,
  { existing, extras }: { existing?: ContainerRow | undefined; extras?: StepExtrasAt | undefined } = {},
): Promise<PreparedContainer> {
  const options = asked.rootfs === undefined ? asked : await withDirectory(context, asked, asked.rootfs);
  const id = existing?.id ?? (randomHex(32) as ContainerId);
  const imageConfig = parseImageConfig(Buffer.from(image.config));
  if (options.files.storageSize !== undefined) await requireStorageSize(context);
  const namespaces = await prepareNamespaces(context, options, { id, layers: image.layers.length, existing });
  const networking = await prepareNetworking(context, options, imageConfig);
  if (existing === undefined) await checkAttachments(networking?.attachments);
  const mounts = await mountsOf(context, options, {
    image: imageConfig,
    own: containerPaths(context.paths, id),
    idMaps: namespaces.idMaps,
    exists: existing !== undefined,
  });
  const timeZone = await timeZoneOf(options);
  if (options.process.initPath !== undefined)
    (await import('./init-file.ts')).checkInitFile(options.process.initPath);
  const kept = {
    ...options,
    namespaces: namespaces.options,
    labels: mergeLabels(imageConfig, options),
    network: networking === undefined ? withoutPorts(options.network) : networking.options,
    ...mounts?.options,
  };
  const name = existing?.name ?? options.name ?? (options.step === undefined ? randomName() : id);
  const decided = await runtimeOptions(context, kept, {
    id,
    name,
    image,
    imageConfig,
    namespaces,
    mounts: mounts?.runtime,
    hostMounts: mounts?.hostMounts,
  });
  const runtime =
    extras === undefined ? decided : withExtras(decided, extras(containerPaths(context.paths, id)));
  return {
    id,
    name,
    image,
    options: kept,
    namespaces,
    networking,
    runtime,
    volumes: mounts?.volumes ?? [],
    timeZone,
    ...(await planStart(context, options, { runtime, networking })),
  };
}

function withExtras(
  options: ContainerOptions,
  { mounts, secretEnvironment, memory }: StepExtras,
): ContainerOptions {
  const { mounts: own = [] } = options;
  const secretEnv = secretEnvironment.length === 0 ? undefined : secretEnvironment;
  return { ...options, mounts: [...own, ...mounts], memory, process: { ...options.process, secretEnv } };
}

/** By now it is known whether an id is that of the default network. Of most networks nothing is asked. */
async function checkAttachments(attachments: PreparedNetworking['attachments'] = []): Promise<void> {
  const asking = attachments.filter(({ attachment }) => !isPlain(attachment));
  if (asking.length === 0) return;
  const { checkAttachment } = await import('../options/check-attachments.ts');
  for (const each of asking) checkAttachment(attachmentByName(each));
}

/** Most are made of an image. */
async function withDirectory(
  context: Context,
  options: CreateOptions,
  rootfs: RootDirectory,
): Promise<CreateOptions> {
  const { checkedDirectory } = await import('./root-directory.ts');
  if (rootfs.overlay === true) {
    const { requireOverlay } = await import('./overlays.ts');
    await requireOverlay(context, `${rootfs.directory} cannot be a root with a layer above it (:O)`);
  }
  return { ...options, rootfs: checkedDirectory(context, rootfs) };
}

/** Ports of a container without networks are published nowhere: `checkCreateOptions` says so to whoever asks. */
function withoutPorts(network: CreateOptions['network']): CreateOptions['network'] {
  return network && { ...network, publish: undefined, publishAll: undefined };
}

/**
 * Merges labels. As with Docker those of the image are the container's from its beginning, and the user's replace them.
 */
function mergeLabels({ config }: ImageConfig, { labels }: CreateOptions): CreateOptions['labels'] {
  return config.Labels === undefined ? labels : { ...config.Labels, ...labels };
}

/** The bundle's `config.json` and the helper's plan. */
async function planStart(
  context: Context,
  options: CreateOptions,
  { runtime, networking }: Pick<PreparedContainer, 'runtime' | 'networking'>,
): Promise<Pick<PreparedContainer, 'config' | 'plan' | 'secretPlan'>> {
  const cgroups = readCgroupLayout();
  const facts = readHostFacts({
    deviceControl: canControlDevices(cgroups),
    keepsLimits: keepsLimitsFromNamespaces(cgroups),
  });
  const host = lacksOwnProfile(runtime.security, facts) ? await withOwnProfile(context, facts) : facts;
  const spec = createSpec(runtime, host);
  const cgroup = planCgroup(cgroups, spec.linux.cgroupsPath, spec.linux.resources);
  const seccomp = await prepareSeccomp(context, options, { runtime, spec });
  const failure = [...context.ownCommand('explain-failure'), runtime.identity.id];
  const planOf = (options: ContainerOptions): Uint8Array =>
    encodePlan(
      compilePlan(spec, {
        ...options,
        cgroup,
        failure,
        seccomp,
        networking: networkPlacement(context, runtime.identity.id, networking),
      }),
    );
  const isSecret = (runtime.memory ?? runtime.process.secretEnv) !== undefined;
  return {
    config: configText(spec, seccomp?.text),
    plan: planOf(isSecret ? withoutSecrets(runtime) : runtime),
    secretPlan: isSecret ? planOf(runtime) : undefined,
  };
}

function withoutSecrets(options: ContainerOptions): ContainerOptions {
  return { ...options, memory: undefined, process: { ...options.process, secretEnv: undefined } };
}

/** Once after a boot: the kernel keeps it. */
async function withOwnProfile(context: Context, facts: HostFacts): Promise<HostFacts> {
  const { loadOwnProfile } = await import('./apparmor.ts');
  return { ...facts, apparmor: await loadOwnProfile(context) };
}

/** The program's part, long and the same for many, is put in as it was kept. */
function configText({ linux, ...spec }: RuntimeSpec, seccomp: string | undefined): string {
  const parts = JSON.stringify(linux);
  const confined = seccomp === undefined ? parts : `${parts.slice(0, -1)},"seccomp":${seccomp}}`;
  return `${JSON.stringify(spec).slice(0, -1)},"linux":${confined}}`;
}

/** Most have none. */
async function mountsOf(
  context: Context,
  options: CreateOptions,
  surroundings: MountSurroundings,
): Promise<PreparedMounts | undefined> {
  const declared = surroundings.exists ? undefined : surroundings.image.config.Volumes;
  if (options.mounts === undefined && options.volumesFrom === undefined && declared === undefined)
    return undefined;
  const { prepareMounts } = await import('./mounts.ts');
  return await prepareMounts(context, options, surroundings);
}

/** Also at each start: the file system may be mounted without quotas by now. */
async function requireStorageSize(context: Context): Promise<void> {
  const { requireStorageSize: require } = await import('./storage-size.ts');
  await require(context);
}

async function timeZoneOf({ process: { timeZone } }: CreateOptions): Promise<Uint8Array | undefined> {
  if (timeZone === undefined) return undefined;
  const { readTimeZone } = await import('./time-zone.ts');
  return readTimeZone(timeZone);
}
