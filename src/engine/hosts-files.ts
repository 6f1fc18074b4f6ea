import { readFileSync, writeFileSync } from 'node:fs';
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

/**
 * Writes /etc/hosts, /etc/hostname and /etc/resolv.conf for a container into its directory. On the host's network
 * it sees the host's own names and servers; without a network it knows itself.
 */
export function writeHostsFiles(directory: string, network: 'none' | 'host', hostname: string): HostsFiles {
  const files: HostsFiles = {
    hosts: join(directory, 'hosts'),
    hostname: join(directory, 'hostname'),
    resolvConf: join(directory, 'resolv.conf'),
  };
  writeFileSync(files.hosts, network === 'host' ? readOr('/etc/hosts', HOSTS) : HOSTS);
  writeFileSync(files.hostname, `${hostname}\n`);
  writeFileSync(files.resolvConf, readOr('/etc/resolv.conf', ''));
  return files;
}

/** What a container is called when nobody says: the host's name on the host's network, else its short id. */
export function defaultHostname(network: 'none' | 'host', id: string): string {
  if (network !== 'host') return id.slice(0, 12);
  return process.getBuiltinModule('node:os').hostname();
}

function readOr(file: string, fallback: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return fallback;
  }
}
