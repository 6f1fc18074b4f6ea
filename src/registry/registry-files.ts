import { homedir } from 'node:os';
import { join } from 'node:path';
import { EngineError } from '../errors.ts';
import { type DaemonRegistries, parseDaemonJson } from './daemon-json.ts';
import { dropIns, readDecidingFile } from './deciding-file.ts';
import { parseRegistriesConf, type RegistryTable } from './registries-conf.ts';

/** Where this machine says how registries are reached. */
export interface RegistryPlaces {
  /** The directory of the system's `registries.conf` and `registries.conf.d`. */
  containers: string;
  /** Docker's settings. */
  daemon: string;
}

/** How registries are reached, as files of this machine say. */
export interface RegistrySettings {
  tables: readonly RegistryTable[];
  daemon: DaemonRegistries;
}

export const REGISTRY_PLACES: RegistryPlaces = {
  containers: '/etc/containers',
  daemon: '/etc/docker/daemon.json',
};

const CONF = 'registries.conf';
const DROP_INS = 'registries.conf.d';
const NOTHING: DaemonRegistries = { mirrors: [], insecure: [] };

/**
 * Reads what containers-registries.conf(5), its drop-in files and Docker's daemon.json say. A later file's table takes the
 * place of an earlier one's with the same prefix. Throws `invalid` for a file that cannot be obeyed: what it blocks or
 * leads elsewhere would be asked for where it is not to be.
 */
export async function readRegistryFiles(
  environment: Readonly<NodeJS.ProcessEnv>,
  { containers, daemon }: RegistryPlaces = REGISTRY_PLACES,
  uid = process.getuid?.() ?? 0,
): Promise<RegistrySettings> {
  const tables = new Map<string, RegistryTable>();
  for await (const { path, text } of confFiles(environment, containers, uid)) {
    for (const table of await parseRegistriesConf(text, path)) tables.set(table.prefix, table);
  }
  const docker = await readDecidingFile(daemon, uid);
  return {
    tables: [...tables.values()],
    daemon: docker === undefined ? NOTHING : parseDaemonJson(docker, daemon),
  };
}

/**
 * Yields the files that are there, in order (containers-registries.conf.d(5)): the one that `CONTAINERS_REGISTRIES_CONF`
 * names, or the user's own, or the system's; then drop-ins, the system's before the user's. Beside the user's own file the
 * system's drop-ins do not count.
 */
async function* confFiles(
  environment: Readonly<NodeJS.ProcessEnv>,
  system: string,
  uid: number,
): AsyncGenerator<{ path: string; text: string }> {
  const { CONTAINERS_REGISTRIES_CONF: named, XDG_CONFIG_HOME, HOME } = environment;
  const user = join(XDG_CONFIG_HOME || join(HOME || homedir(), '.config'), 'containers');
  const mine = named ? undefined : await readDecidingFile(join(user, CONF), uid);
  const main = named || join(mine === undefined ? system : user, CONF);
  const text = mine ?? (await readDecidingFile(main, uid));
  if (text !== undefined) yield { path: main, text };
  else if (named) {
    throw new EngineError('invalid', `${named} is not there`, {
      subject: named,
      hint: 'CONTAINERS_REGISTRIES_CONF names it',
    });
  }
  for (const directory of mine === undefined ? [system, user] : [user]) {
    for (const path of await dropIns(join(directory, DROP_INS), '.conf')) {
      const dropIn = await readDecidingFile(path, uid);
      if (dropIn !== undefined) yield { path, text: dropIn };
    }
  }
}
