import type { HostMount } from '../../runtime/options.ts';

/** What is mounted, as the kernel is told of it: it knows servers by addresses alone. */
type Mounted = Pick<HostMount, 'type' | 'data'>;

/** Looks a name in `addr` or `ip` up, for file systems that have a server. Throws `notFound`. */
export async function withAddress<T extends Mounted>(mount: T): Promise<T> {
  if (!/^(nfs4?|cifs|smb3)$/.test(mount.type)) return mount;
  const data: string[] = [];
  for (const word of mount.data) {
    const [, key, name] = /^(addr|ip)=(.+)$/.exec(word) ?? [];
    if (key === undefined || name === undefined) data.push(word);
    else {
      const { resolveHost } = await import('../../host/resolve-host.ts');
      data.push(`${key}=${(await resolveHost(name)).address}`);
    }
  }
  return { ...mount, data };
}
