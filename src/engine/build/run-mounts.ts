import { join } from 'node:path';
import type { RunMount, RunStep } from '../../build/stages/step.ts';
import { EngineError } from '../../errors.ts';
import { statusOf } from '../../host/named-path.ts';
import type { MemoryFiles, RuntimeMount } from '../../runtime/options.ts';
import type { StepExtrasAt } from '../prepare/container.ts';
import type { ContainerPaths } from '../store/container-paths.ts';
import { bindMount, bindPart } from './bind-mount.ts';
import type { Build } from './build.ts';
import { cacheMount, cachePart, lockCaches } from './cache-mount.ts';
import type { HeldMount } from './held-mount.ts';
import { readSecret } from './secret.ts';

/** What a step sees besides its own files, found: the part of the key, and how it is made when the step is done. */
export interface PreparedMounts {
  parts: readonly unknown[];
  hold(step: Pick<RunStep, 'files' | 'proxies'>): Promise<HeldMounts>;
}

/** What is mounted for a step that is about to run. Disposing of it lets others have it. */
export interface HeldMounts extends AsyncDisposable {
  extras: StepExtrasAt;
  /** Where something is mounted: absolute paths in the container. */
  targets: readonly string[];
  /** The part of the key, by what is really mounted. */
  parts: readonly unknown[];
}

/** Finds what a step mounts; what it copies or locks comes when it runs. Throws as `sourceFiles`. */
export async function prepareMounts(build: Build, mounts: readonly RunMount[]): Promise<PreparedMounts> {
  const parts: unknown[] = [];
  for (const mount of mounts) parts.push(await partOf(build, mount));
  return { parts, hold: async (step) => await holdAll(build, { mounts, parts }, step) };
}

/** What of a mount decides what a step makes. */
async function partOf(build: Build, mount: RunMount): Promise<unknown> {
  switch (mount.type) {
    case 'bind':
      return await bindPart(build, mount);
    case 'cache':
      return await cachePart(build, mount);
    default:
      return mount;
  }
}

async function holdAll(
  build: Build,
  { mounts, parts }: { mounts: readonly RunMount[]; parts: readonly unknown[] },
  { files, proxies }: Pick<RunStep, 'files' | 'proxies'>,
): Promise<HeldMounts> {
  const held: HeldMount[] = [];
  const really = [...parts];
  const unlock = await lockCaches(build, mounts);
  const release = async () => {
    for (const { release: done } of held.toReversed()) await done?.();
    await unlock();
  };
  try {
    for (const [index, mount] of mounts.entries()) {
      const one = await hold(build, mount, index);
      if (one !== undefined) held.push(one);
      if (one?.content !== undefined) really[index] = { ...(parts[index] as object), content: one.content };
    }
  } catch (error) {
    await release();
    throw error;
  }
  for (const file of files) held.push(documentMount(file));
  return {
    extras: (own) => ({
      mounts: held.flatMap(({ mounts: at }, index) => at(own, index)),
      memory: memoryOf(own, held),
      // Proxies may have a password.
      secretEnvironment: [...proxies, ...held.flatMap(({ environment = [] }) => environment)],
    }),
    targets: [...mounts.flatMap(({ target }) => target ?? []), ...files.map(({ path }) => path)],
    parts: really,
    [Symbol.asyncDispose]: release,
  };
}

async function hold(build: Build, mount: RunMount, index: number): Promise<HeldMount | undefined> {
  switch (mount.type) {
    case 'tmpfs': {
      const { target: destination, sizeBytes } = mount;
      const options = sizeBytes === undefined ? [] : [`size=${sizeBytes}`];
      return { mounts: () => [{ type: 'tmpfs', destination, options }] };
    }
    case 'secret':
      return await secretMount(build, mount);
    case 'ssh':
      return await agentMount(build, mount, index);
    case 'bind':
      return await bindMount(build, mount);
    case 'cache':
      return await cacheMount(build, mount);
  }
}

async function secretMount(
  build: Build,
  mount: RunMount & { type: 'secret' },
): Promise<HeldMount | undefined> {
  const { id, target, environment, required, mode, uid, gid } = mount;
  const bytes = await readSecret(build.parts.options.secrets, id);
  if (bytes === undefined && required)
    throw new EngineError('notFound', `secret ${id}: not found`, {
      subject: id,
      hint: `give it to the build: --secret id=${id},src=FILE, or id=${id},env=NAME`,
    });
  if (bytes === undefined) return undefined;
  return {
    mounts: (own, index) => (target === undefined ? [] : [fileMount(memoryFile(own, index), target)]),
    environment: environment === undefined ? [] : [`${environment}=${Buffer.from(bytes).toString()}`],
    file: target === undefined ? undefined : { content: bytes, mode, uid, gid },
  };
}

/** A socket of the step's own, behind which there is the user's agent: keys stay where they are. */
async function agentMount(
  build: Build,
  { id, target, required, uid, gid, mode }: RunMount & { type: 'ssh' },
  index: number,
): Promise<HeldMount | undefined> {
  const agent = await build.parts.options.agents?.get(id);
  if (agent === undefined && required)
    throw new EngineError('notFound', `unset ssh forward key ${id}`, {
      subject: id,
      hint: `give it to the build: --ssh ${id}, with an agent at SSH_AUTH_SOCK, or --ssh ${id}=SOCKET`,
    });
  if (agent === undefined) return undefined;
  requireAgent(agent, id);
  const { relayAgent } = await import('./agent-relay.ts');
  const directory = join(build.directory(), 'agent');
  const relay = await relayAgent({ agent, directory, uid, gid, mode });
  const destination = target ?? `/run/buildkit/ssh_agent.${index}`;
  return {
    mounts: () => [fileMount(relay.path, destination)],
    environment: [`SSH_AUTH_SOCK=${destination}`],
    release: async () => relay.close(),
  };
}

function requireAgent(path: string, id: string): void {
  const found = statusOf(path);
  if (found?.isSocket() === true) return;
  const what = found === undefined ? `there is no agent at ${path}` : `${path} is no socket of an agent`;
  throw new EngineError(found === undefined ? 'notFound' : 'invalid', `ssh agent ${id}: ${what}`, {
    subject: path,
    hint: `start one and give it the key, as with ssh-agent and ssh-add, and name its socket: --ssh ${id}=SOCKET`,
  });
}

function documentMount({ path, content, mode }: RunStep['files'][number]): HeldMount {
  return {
    mounts: (own, index) => [fileMount(memoryFile(own, index), path)],
    file: { content: Buffer.from(content), mode, uid: 0, gid: 0 },
  };
}

function fileMount(source: string, destination: string): RuntimeMount {
  return { type: 'bind', source, destination, recursive: false, readOnly: 'deep', propagation: 'rprivate' };
}

/** Where files in memory lie while the step starts: in a directory of its own, on which a tmpfs is mounted for it alone. */
function memoryOf(own: ContainerPaths, held: readonly HeldMount[]): MemoryFiles | undefined {
  const files = held.flatMap(({ file }, index) =>
    file === undefined ? [] : { ...file, name: String(index) },
  );
  return files.length === 0 ? undefined : { directory: memoryDirectory(own), files };
}

function memoryDirectory({ directory }: ContainerPaths): string {
  return join(directory, 'memory');
}

function memoryFile(own: ContainerPaths, index: number): string {
  return join(memoryDirectory(own), String(index));
}
