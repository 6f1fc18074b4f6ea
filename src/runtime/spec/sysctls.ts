import { EngineError } from '../../errors.ts';
import { nearestName } from '../../nearest-name.ts';
import type { NamespaceChoices } from '../options.ts';

/**
 * The sysctls below kernel/ that belong to the ipc namespace, as runc knows them; all of fs/mqueue and net are
 * namespaced.
 */
const OF_IPC = [
  'kernel.msgmax',
  'kernel.msgmnb',
  'kernel.msgmni',
  'kernel.sem',
  'kernel.shmall',
  'kernel.shmmax',
  'kernel.shmmni',
  'kernel.shm_rmid_forced',
];

/**
 * Kernel parameters of the container's own namespaces, names normalised. Throws `invalid` for one that is the whole
 * machine's, for one of a namespace that is shared with the host, and for the names that have an option of their own.
 */
export function checkedSysctls(
  sysctls: Readonly<Record<string, string>>,
  namespaces: Pick<NamespaceChoices, 'ipc' | 'network' | 'uts'>,
): Record<string, string> {
  const checked: Record<string, string> = {};
  for (const [given, value] of Object.entries(sysctls)) {
    const parts = partsOf(given);
    checkOne(given, parts.join('.'), namespaces);
    checked[nameOf(parts)] = value;
  }
  return checked;
}

/** sysctl(8): the separator is whichever of dot and slash comes first, and the other one belongs to a part. */
function partsOf(name: string): string[] {
  const separator = /[./]/.exec(name)?.[0] ?? '.';
  const other = separator === '.' ? '/' : '.';
  const parts = name.split(separator);
  if (parts.some((part) => part === '' || part === '..' || part === '.')) throw unknown(name, name);
  return parts.map((part) => (separator === '.' ? part.replaceAll(other, '.') : part));
}

/** Returns a sysctl's name with dots; with slashes where a part has dots itself (`net/ipv4/conf/eth0.1/forwarding`). */
function nameOf(parts: readonly string[]): string {
  return parts.join(parts.some((part) => part.includes('.')) ? '/' : '.');
}

function checkOne(
  given: string,
  name: string,
  { ipc, network, uts }: Pick<NamespaceChoices, 'ipc' | 'network' | 'uts'>,
): void {
  if (name.startsWith('net.')) {
    if (network === 'host') throw ofTheHost(given, 'network', { hint: '--network none' });
  } else if (OF_IPC.includes(name) || name.startsWith('fs.mqueue.')) {
    if (ipc === 'host') throw ofTheHost(given, 'ipc', { hint: '--ipc private' });
  } else if (name === 'kernel.hostname' || name === 'kernel.domainname') {
    const option = name.replace('kernel.', '--');
    if (name === 'kernel.hostname' || uts !== 'new') throw hasOption(given, option);
  } else {
    throw unknown(given, name);
  }
}

function ofTheHost(name: string, namespace: string, { hint }: { hint: string }): EngineError {
  return new EngineError('invalid', `sysctl "${name}" is not allowed in the host's ${namespace} namespace`, {
    subject: name,
    hint: `it would change the host; give the container its own with ${hint}`,
  });
}

function hasOption(name: string, option: string): EngineError {
  return new EngineError('invalid', `sysctl "${name}" is not allowed`, {
    subject: name,
    hint: `use ${option}, with a uts namespace of its own`,
  });
}

function unknown(given: string, name: string): EngineError {
  const near = nearestName(name, OF_IPC);
  return new EngineError('invalid', `sysctl "${given}" is not in a separate kernel namespace`, {
    subject: given,
    hint:
      near !== undefined && near !== name
        ? `did you mean ${near}?`
        : 'containers may set net.*, fs.mqueue.* and the kernel.msg*, kernel.sem and kernel.shm* of System V IPC; others are set on the host',
  });
}
