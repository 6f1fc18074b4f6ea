import { chownSync } from 'node:fs';
import { writeOwnFile } from '../../host/own-file.ts';
import type { HostsFiles } from '../store/container-paths.ts';

/** Users of the container that are not root read these files, too. */
export const FOR_EVERYBODY_INSIDE = 0o644;

/** Writes /etc/hosts, /etc/hostname and /etc/resolv.conf of a container. They belong to `owner`, its root. */
export function writeHostsFiles(
  files: HostsFiles,
  {
    hosts,
    resolvConf,
    hostname,
    owner,
  }: { hosts: string; resolvConf: string; hostname: string; owner: FileOwner | undefined },
): void {
  writeOwnFile(files.hosts, hosts, FOR_EVERYBODY_INSIDE);
  writeOwnFile(files.hostname, `${hostname}\n`, FOR_EVERYBODY_INSIDE);
  writeOwnFile(files.resolvConf, resolvConf, FOR_EVERYBODY_INSIDE);
  if (owner === undefined) return;
  for (const file of Object.values(files)) chownSync(file, owner.uid, owner.gid);
}

/** Ids of the host. */
export interface FileOwner {
  uid: number;
  gid: number;
}

/** Returns the host name of a container when the user gives none: the host's on the host's network, else the short id. */
export function defaultHostname(network: 'new' | 'host', id: string): string {
  return network === 'host' ? hostHostname() : id.slice(0, 12);
}

export function hostHostname(): string {
  return process.getBuiltinModule('node:os').hostname();
}
