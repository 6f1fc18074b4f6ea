import { chownSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** The three files that every container gets bind mounted over its own. Absolute host paths. */
export interface HostsFiles {
  hosts: string;
  hostname: string;
  resolvConf: string;
}

const HOSTS = `127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::\tip6-localnet
ff00::\tip6-mcastprefix
ff02::1\tip6-allnodes
ff02::2\tip6-allrouters
`;

/** Where a container's own files lie, written or not. */
export function hostsFilesIn(directory: string): HostsFiles {
  return {
    hosts: join(directory, 'hosts'),
    hostname: join(directory, 'hostname'),
    resolvConf: join(directory, 'resolv.conf'),
  };
}

/**
 * Writes /etc/hosts, /etc/hostname and /etc/resolv.conf of a container. On the host's network it sees the host's own
 * names and servers; without a network it knows itself. They belong to `owner`, its root.
 */
export function writeHostsFiles(
  files: HostsFiles,
  { network, hostname, owner }: { network: 'new' | 'host'; hostname: string; owner: FileOwner | undefined },
): void {
  writeFileSync(files.hosts, network === 'host' ? readOr('/etc/hosts', HOSTS) : HOSTS);
  writeFileSync(files.hostname, `${hostname}\n`);
  writeFileSync(files.resolvConf, readOr('/etc/resolv.conf', ''));
  if (owner === undefined) return;
  for (const file of Object.values(files)) chownSync(file, owner.uid, owner.gid);
}

/** Ids of the host. */
export interface FileOwner {
  uid: number;
  gid: number;
}

/** What a container is called when nobody says: the host's name on the host's network, else its short id. */
export function defaultHostname(network: 'new' | 'host', id: string): string {
  return network === 'host' ? hostHostname() : id.slice(0, 12);
}

export function hostHostname(): string {
  return process.getBuiltinModule('node:os').hostname();
}

function readOr(file: string, fallback: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return fallback;
  }
}
