import { EngineError } from '../../errors.ts';
import type { RuntimeSpec } from '../../oci/runtime-config.ts';
import { PRIVATE_NETWORK_SYSCTLS } from '../../runtime/spec/defaults.ts';
import { readAppArmor } from '../../runtime/spec/host-facts.ts';
import { OWN_PROFILE } from '../../runtime/spec/lsm.ts';
import { provideDefaultNetwork, wantedAttachments } from '../endpoints/attachment.ts';
import { OrphanHolds } from '../leases/holders.ts';
import { rehearseCreation } from '../lifecycle/create.ts';
import { type DenyingChain, foreignFirewall } from '../networks/foreign-firewall.ts';
import { checkCreateOptions } from '../options/check.ts';
import type { CreateOptions, IdRange } from '../options/create.ts';
import { type LeasedContainer, prepareContainer } from '../prepare/container.ts';
import { containerByName, deleteContainer } from '../store/containers.ts';
import type { Context } from '../store/context.ts';
import type { ImageRow } from '../store/images.ts';
import { allNetworks } from '../store/networks.ts';
import { openPreview } from '../store/preview.ts';
import {
  type ExplainedDevice,
  type ExplainedMount,
  explainDevices,
  explainLabels,
  explainLinks,
  explainMounts,
} from './files.ts';
import { type ExplainedImage, explainImage, type ImageRequest } from './image.ts';
import {
  type ExplainedNamespace,
  type ExplainedSecurity,
  explainIdMaps,
  explainNames,
  explainNamespaces,
  explainSecurity,
} from './isolation.ts';
import { type ExplainedCgroup, type ExplainedRlimit, explainCgroup, explainRlimits } from './limits.ts';
import {
  type ExplainedEndpoint,
  type ExplainedNames,
  explainEndpoints,
  explainNameService,
} from './networks.ts';
import { withoutRandom } from './placeholders.ts';
import {
  type ExplainedProcess,
  type ExplainedSupervision,
  explainProcess,
  explainSupervision,
} from './process.ts';
import { argumentsOf, sectionsOf } from './sections.ts';

/**
 * A container to be, decided and not made: what its start would do here and now, read from its plan and its
 * `config.json`. What is made up for each container has a placeholder: `<id>`, `<short-id>`, `<volume>`.
 */
export interface ExplainedContainer {
  /** Absent: one is made up. */
  name?: string | undefined;
  /** The container that has its name now and goes first. */
  replaces?: string | undefined;
  /** Containers whose monitors were killed: they are cleaned up after first, as they hold what is needed. */
  cleansUp: string[];
  image: ExplainedImage;
  namespaces: ExplainedNamespace[];
  /** Of a new user namespace. `idMapped`: the kernel shows the layers through them; else they are copied once. */
  idMaps?: { uids: IdRange[]; gids: IdRange[]; idMapped: boolean } | undefined;
  hostname?: string | undefined;
  domainname?: string | undefined;
  /** Clocks that differ from the host's by so many seconds. */
  timeOffsets: { clock: string; seconds: number }[];
  isRootReadOnly: boolean;
  /** In the order in which they are made. */
  mounts: ExplainedMount[];
  /** What is mounted on directories of the host for volumes: type, device, options. */
  hostMounts: { type: string; device: string; options: string[] }[];
  devices: ExplainedDevice[];
  links: { path: string; to: string }[];
  /** Labels of SELinux that sources of mounts get first. */
  labels: { source: string; label: string }[];
  /** Kernel parameters of its namespaces. */
  sysctls: { name: string; value: string; isAsked: boolean }[];
  security: ExplainedSecurity;
  /** The AppArmor profile is given to the kernel first. */
  loadsProfile: boolean;
  cgroup: ExplainedCgroup;
  rlimits: ExplainedRlimit[];
  networks: ExplainedEndpoint[];
  /** Absent: those of the container whose network is shared. */
  names?: ExplainedNames | undefined;
  /** Chains in which the host's own firewall denies by default; looked at when ports are published. */
  foreignFirewall: DenyingChain[];
  process: ExplainedProcess;
  supervision: ExplainedSupervision;
}

export interface ExplainRequest extends ImageRequest {
  /** The container that has its name now goes first. */
  replace?: boolean | undefined;
  /** It is started at once: it gets its addresses and ports. */
  starting: boolean;
}

/**
 * Says what making a container, and starting it, would do, by doing all of it up to where something would be made: rules,
 * preparation and the leases of a preview, of which nothing is left. A registry is asked for manifest and config of an
 * image that is not here, which changes nothing. Throws what `Containers.run` throws until then.
 */
export async function explainContainer(
  store: Context,
  options: CreateOptions,
  request: ExplainRequest,
): Promise<ExplainedContainer> {
  using preview = openPreview(store);
  const { context } = preview;
  const { explained: image, row } = await explainImage(context, options, request);
  const before = new Set(allNetworks(context.database).map(({ definition }) => definition.id));
  await checkCreateOptions(options);
  await provideDefaultNetwork(context, wantedAttachments(options));
  const replaces = request.replace === true ? replacedBy(context, options) : undefined;
  const { leased, cleansUp } = await rehearse(context, options, { row, starting: request.starting });
  const explained = await explainLeased(context, leased, { asked: options, before });
  return withoutRandom({ name: options.name, replaces, cleansUp, image, ...explained }, leased);
}

/** Its leases are free, then. */
function replacedBy({ database }: Context, { name }: CreateOptions): string | undefined {
  const row = name === undefined ? undefined : containerByName(database, name);
  if (row !== undefined) deleteContainer(database, row.id);
  return row?.name;
}

const ATTEMPTS = 20;

async function rehearse(
  context: Context,
  options: CreateOptions,
  { row, starting }: { row: ImageRow; starting: boolean },
): Promise<{ leased: LeasedContainer; cleansUp: string[] }> {
  const cleansUp: string[] = [];
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const prepared = await prepareContainer(context, options, row);
    try {
      const leased = await rehearseCreation(context, prepared, { starting });
      if (leased !== undefined) return { leased, cleansUp };
    } catch (error) {
      if (!(error instanceof OrphanHolds)) throw error;
      cleansUp.push(error.row.name);
      deleteContainer(context.database, error.row.id);
    }
  }
  throw new EngineError('conflict', 'no free name was found for the container', {
    hint: 'name it with --name',
  });
}

async function explainLeased(
  context: Context,
  leased: LeasedContainer,
  { asked, before }: { asked: CreateOptions; before: ReadonlySet<string> },
): Promise<Omit<ExplainedContainer, 'name' | 'replaces' | 'cleansUp' | 'image'>> {
  const sections = sectionsOf(leased.plan);
  const spec = JSON.parse(leased.config) as RuntimeSpec;
  const idMaps = explainIdMaps(sections);
  const security = explainSecurity(leased, sections);
  const networks = await explainEndpoints(context, leased, before);
  const usual = new Map<string, string>(Object.entries(PRIVATE_NETWORK_SYSCTLS));
  const publishes = networks.some(({ ports }) => ports.length > 0);
  return {
    namespaces: explainNamespaces(context, leased, sections, asked.namespaces),
    idMaps: idMaps && { ...idMaps, idMapped: leased.runtime.rootfs.idMapped },
    ...explainNames(sections),
    timeOffsets: argumentsOf(sections.general, 'time-offset').map(([clock = '', seconds, nanoseconds]) => {
      return { clock, seconds: Number(seconds) + Number(nanoseconds) / 1e9 };
    }),
    isRootReadOnly: sections.init.some(([op]) => op === 'root-readonly'),
    mounts: explainMounts(context, leased, sections),
    hostMounts: argumentsOf(sections.setup, 'host-mount').map(([, , type = '', device = '', ...words]) => {
      return { type, device, options: words.filter((word) => word !== '') };
    }),
    devices: explainDevices(leased, sections),
    links: explainLinks(sections),
    labels: explainLabels(sections),
    sysctls: Object.entries(spec.linux.sysctl).map(([name, value]) => {
      return { name, value, isAsked: usual.get(name) !== value };
    }),
    security,
    loadsProfile: security.apparmor === OWN_PROFILE && readAppArmor() !== 'own',
    cgroup: explainCgroup(leased, sections),
    rlimits: explainRlimits(leased, sections),
    networks,
    names: await explainNameService(context, leased),
    foreignFirewall: publishes ? await foreignFirewall(context) : [],
    process: explainProcess(leased, sections),
    supervision: explainSupervision(leased),
  };
}
