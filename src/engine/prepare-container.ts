import { randomHex } from '../host/random.ts';
import { parseImageConfig } from '../oci/image-config.ts';
import type { RuntimeSpec } from '../oci/runtime-config.ts';
import { planCgroup } from '../runtime/cgroup.ts';
import { readCgroupLayout } from '../runtime/cgroup-layout.ts';
import { canControlDevices } from '../runtime/cgroup-paths.ts';
import { readHostFacts } from '../runtime/host-facts.ts';
import type { ContainerOptions } from '../runtime/options.ts';
import { compilePlan } from '../runtime/plan.ts';
import { encodePlan } from '../runtime/plan-encode.ts';
import { createSpec } from '../runtime/spec.ts';
import type { ContainerId } from './container-store.ts';
import type { Context } from './context.ts';
import type { CreateOptions } from './create-options.ts';
import type { ImageRow } from './image-store.ts';
import { checkName } from './names.ts';
import { type PreparedNamespaces, prepareNamespaces } from './prepare-namespaces.ts';
import { runtimeOptions } from './prepare-options.ts';
import { prepareSeccomp } from './prepare-seccomp.ts';

/** A container to be, decided down to the system calls of its start. Nothing of it exists yet. */
export interface PreparedContainer {
  id: ContainerId;
  image: ImageRow;
  /** As they are kept: ids in the place of other containers' names. */
  options: CreateOptions;
  namespaces: PreparedNamespaces;
  runtime: ContainerOptions;
  /** The file of its time zone; absent: that of its image. */
  timeZone: Uint8Array | undefined;
  /** The text of `config.json`. */
  config: string;
  plan: Uint8Array;
}

/**
 * Decides everything about a new container: names are resolved, options merged with the image's, spec and plan made.
 * Whatever can be refused is refused here. Writes nothing but compiled seccomp programs.
 */
export async function prepareContainer(
  context: Context,
  options: CreateOptions,
  image: ImageRow,
): Promise<PreparedContainer> {
  checkName(options.name);
  const id = randomHex(32) as ContainerId;
  const imageConfig = parseImageConfig(Buffer.from(image.config));
  const namespaces = await prepareNamespaces(context, options, { id, layers: image.layers.length });
  const timeZone = await timeZoneOf(options);
  const runtime = runtimeOptions(context, options, { id, image, imageConfig, namespaces });
  return {
    id,
    image,
    options: { ...options, namespaces: namespaces.options },
    namespaces,
    runtime,
    timeZone,
    ...(await planStart(context, options, runtime)),
  };
}

/** The bundle's `config.json` and the helper's plan. */
async function planStart(
  context: Context,
  options: CreateOptions,
  runtime: ContainerOptions,
): Promise<Pick<PreparedContainer, 'config' | 'plan'>> {
  const cgroups = readCgroupLayout();
  const spec = createSpec(runtime, readHostFacts(canControlDevices(cgroups)));
  const cgroup = planCgroup(cgroups, spec.linux.cgroupsPath, spec.linux.resources);
  const seccomp = await prepareSeccomp(context, options, { runtime, spec });
  const failure = [...context.self, '--root', context.paths.root, 'explain-failure', runtime.identity.id];
  return {
    config: configText(spec, seccomp?.text),
    plan: encodePlan(compilePlan(spec, { ...runtime, cgroup, failure, seccomp })),
  };
}

/** The program's part, long and the same for many, is put in as it was kept. */
function configText({ linux, ...spec }: RuntimeSpec, seccomp: string | undefined): string {
  const parts = JSON.stringify(linux);
  const confined = seccomp === undefined ? parts : `${parts.slice(0, -1)},"seccomp":${seccomp}}`;
  return `${JSON.stringify(spec).slice(0, -1)},"linux":${confined}}`;
}

async function timeZoneOf({ process: { timeZone } }: CreateOptions): Promise<Uint8Array | undefined> {
  if (timeZone === undefined) return undefined;
  const { readTimeZone } = await import('./time-zone.ts');
  return readTimeZone(timeZone);
}
