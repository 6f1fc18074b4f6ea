import { EngineError } from '../../errors.ts';
import { checkName } from './container-name.ts';
import type { CreateOptions } from './create.ts';
import { isPlain } from './network.ts';

/**
 * Refuses what no container can be asked for, whatever host and store it is for. Returns warnings, whole sentences: what
 * was asked for and is left out. Throws `invalid`. What depends on an image, on other containers or on this host is
 * refused where that is looked at (`prepareContainer`). The rules of what few ask for are loaded for those who do.
 */
export async function checkCreateOptions(options: CreateOptions): Promise<string[]> {
  const { namespaces, network, restart, health, rootfs, files } = options;
  checkName(options.name);
  if (rootfs !== undefined) {
    const { checkRootDirectory } = await import('./check-root-directory.ts');
    checkRootDirectory(rootfs, options);
  }
  if (files.readOnlyTmpfs !== undefined) {
    const { checkReadOnly } = await import('./check-read-only.ts');
    checkReadOnly(files);
  }
  if ((options.process.initPath ?? options.process.groups) !== undefined) {
    const { checkProcess } = await import('./check-process.ts');
    checkProcess(options.process);
  }
  if (restart !== undefined) {
    const { checkRestart } = await import('./check-restart.ts');
    checkRestart(restart, options);
  }
  if (health !== undefined) {
    const { checkHealth } = await import('./check-health.ts');
    checkHealth(health);
  }
  if ((namespaces.hostname ?? namespaces.domainname) !== undefined) {
    const { checkHostNames } = await import('./check-host-names.ts');
    checkHostNames(namespaces);
  }
  refuseItself(options);
  if (network === undefined || isPlainNetwork(options)) return [];
  const { checkNetwork } = await import('./check-network.ts');
  return checkNetwork(namespaces.network, network);
}

/** Whether a container is on one network, and that is all that is said of it: so are most. */
function isPlainNetwork({ namespaces, network }: CreateOptions): boolean {
  if (namespaces.network !== 'networks' || network === undefined) return false;
  const { attachments, ...others } = network;
  const [attachment, ...more] = attachments;
  return (
    attachment !== undefined &&
    more.length === 0 &&
    isPlain(attachment) &&
    Object.values(others).every((value) => value === undefined)
  );
}

/**
 * Refuses a container that joins its own namespaces. The names of others are looked up when it is prepared; by then
 * nobody would know that this one means the container itself.
 */
function refuseItself({ name, namespaces }: CreateOptions): void {
  if (name === undefined) return;
  for (const [kind, choice] of Object.entries(namespaces)) {
    if (typeof choice !== 'object' || !('container' in choice) || choice.container !== name) continue;
    throw new EngineError('invalid', `container ${name} cannot join its own ${kind} namespace`, {
      subject: name,
      hint: 'name another container',
    });
  }
}
