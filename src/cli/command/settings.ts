import type { EngineOptions } from '../../engine/engine.ts';
import { EngineError } from '../../errors.ts';

/** The variables of this process. All that skiff itself is told by them is read here. */
export function environment(): Readonly<NodeJS.ProcessEnv> {
  return process.env;
}

/** Takes variables that are for this process alone from what it passes on to those that it starts. */
export function keepFromChildren(...names: readonly string[]): void {
  for (const name of names) delete process.env[name];
}

/** Sets a variable, for an option that says the same. */
export function setVariable(name: string, value: string): void {
  process.env[name] = value;
}

/** The network of a new container of which nobody says one: `SKIFF_NETWORK`, where empty is as good as absent. */
export function usualNetwork(): string | undefined {
  return environment()['SKIFF_NETWORK'] || undefined;
}

/**
 * Returns the settings of an engine: `root` is `SKIFF_ROOT`, where empty is as good as absent. Throws as `publishAddress`
 * and `storage`.
 */
export async function engineSettings(): Promise<Omit<EngineOptions, 'self'>> {
  return {
    root: environment()['SKIFF_ROOT'] || undefined,
    environment: environment(),
    insecureRegistries: insecureRegistries(),
    publishAddress: await publishAddress(),
    addressPools: environment()['SKIFF_ADDRESS_POOLS'] || undefined,
    copiesOwners: environment()['SKIFF_IDMAP'] === 'copy',
    storage: storage(),
  };
}

/** `SKIFF_STORAGE`, where empty is as good as absent. Throws `invalid` for a driver that there is not. */
function storage(): EngineOptions['storage'] {
  const text = environment()['SKIFF_STORAGE'] ?? '';
  if (text === '') return undefined;
  if (text === 'overlay' || text === 'copy') return text;
  throw new EngineError('invalid', `SKIFF_STORAGE is neither overlay nor copy: "${text}"`, {
    hint: 'without it containers stand on an overlay where one can be mounted, else they begin with a copy of their image',
  });
}

/** `SKIFF_INSECURE_REGISTRIES`, separated by commas. */
function insecureRegistries(): string[] {
  const listed = (environment()['SKIFF_INSECURE_REGISTRIES'] ?? '').split(',').map((host) => host.trim());
  return listed.filter((host) => host !== '');
}

/**
 * The address of the host on which ports are published when nobody says one: `SKIFF_PUBLISH_ADDRESS`, where empty is as
 * good as absent. Throws `invalid` when it is no address.
 */
export async function publishAddress(): Promise<string | undefined> {
  const text = environment()['SKIFF_PUBLISH_ADDRESS'] ?? '';
  if (text === '') return undefined;
  const { address } = await import('../../grammar/addresses.ts');
  return address('address in SKIFF_PUBLISH_ADDRESS')(text);
}
