import { mkdirSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { NetworkNamespace } from '../helpers/network-namespace.ts';
import { run } from './measure.ts';
import { docker, type Peer, podman, skiff } from './peers.ts';

/** An address of the host that is not 127.0.0.1, for documentation (RFC 5737). */
export const HOST_ADDRESS = '192.0.2.1';

/** An engine in a network namespace of its own: what one does to firewall and forwarding is nothing to the others. */
export interface NetworkPeer extends Peer {
  host: NetworkNamespace;
  /** Gets an image, from where the registry is. */
  fetch(reference: string): Promise<unknown>;
}

/** Those that are installed, with stores of their own below `work`. */
export async function networkPeers(work: string): Promise<NetworkPeer[]> {
  const directory = join(work, 'networks');
  mkdirSync(directory);
  const peers: NetworkPeer[] = [];
  for (const make of [skiff, docker, podman]) {
    const host = await makeHost();
    const peer = await make(directory, host.enter);
    if (peer === undefined) {
      await host.remove();
      continue;
    }
    peers.push({
      ...peer,
      host,
      fetch: (reference) => fetchInto(peer, host, reference, directory),
      async stop() {
        await peer.stop();
        killAllIn(host);
        await host.remove();
      },
    });
  }
  return peers;
}

/** A resolver of podman's outlives the containers of a network now and then. */
function killAllIn({ pid: holder }: NetworkNamespace): void {
  const namespace = readlinkSync(`/proc/${holder}/ns/net`);
  for (const pid of readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)) {
    try {
      if (pid !== holder && readlinkSync(`/proc/${pid}/ns/net`) === namespace) process.kill(pid, 'SIGKILL');
    } catch {
      // It ended meanwhile.
    }
  }
}

async function makeHost(): Promise<NetworkNamespace> {
  const host = await NetworkNamespace.make();
  host.run('ip', 'link', 'set', 'lo', 'up');
  host.run('ip', 'link', 'add', 'uplink', 'type', 'bridge');
  host.run('ip', 'address', 'add', `${HOST_ADDRESS}/24`, 'dev', 'uplink');
  host.run('ip', 'link', 'set', 'uplink', 'up');
  return host;
}

/** The registry listens on this machine's loopback, which the namespaces do not have: dockerd is given the image. */
async function fetchInto(
  peer: Peer,
  host: NetworkNamespace,
  reference: string,
  directory: string,
): Promise<unknown> {
  if (peer.name === 'docker') {
    const options = ['--insecure-policy', 'copy', '--quiet', '--src-tls-verify=false'];
    const daemon = ['--dest-daemon-host', `unix://${join(directory, 'd.sock')}`];
    return run('skopeo', [...options, ...daemon, `docker://${reference}`, `docker-daemon:${reference}`]);
  }
  const [program = '', ...words] = peer.command.slice(host.enter.length);
  const pull = [...words, 'pull', '-q', ...peer.pullOptions, reference];
  return run(program, pull, { env: { ...process.env, ...peer.env } });
}
