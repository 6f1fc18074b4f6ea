import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { NetworkNamespace } from './network-namespace.ts';

/** Somebody in a network namespace who answers at a port (80) of TCP and UDP, and asks others (talker.ts). */
export class Party {
  readonly #talker: ChildProcess;
  readonly #lines: AsyncIterator<string>;

  private constructor(talker: ChildProcess) {
    this.#talker = talker;
    if (!talker.stdout) throw new Error('no output');
    this.#lines = createInterface(talker.stdout)[Symbol.asyncIterator]();
  }

  /** `enter`: argv in front of a command that runs there. */
  static async at([file = '', ...args]: readonly string[], name: string, port = 80): Promise<Party> {
    const argv = [...args, process.execPath, join(import.meta.dirname, 'talker.ts'), name, String(port)];
    const party = new Party(spawn(file, argv, { stdio: ['pipe', 'pipe', 'inherit'] }));
    const { value } = await party.#lines.next();
    if (value !== 'ready') throw new Error(`${name} cannot talk`);
    return party;
  }

  /**
   * Asks a party at an address; returns the answer, or `silence` or `refused`. By UDP `from` may be the port to ask
   * from.
   */
  async ask(address: string, port = 80, protocol: 'tcp' | 'udp' = 'tcp', from?: number): Promise<string> {
    this.#talker.stdin?.write(`${protocol} ${address} ${port}${from === undefined ? '' : ` ${from}`}\n`);
    return (await this.#lines.next()).value;
  }

  /** While it is there, its network namespace is. */
  async remove(): Promise<void> {
    const ended = once(this.#talker, 'close');
    this.#talker.kill('SIGKILL');
    await ended;
  }
}

/** A host with a network namespace of its own. */
export interface Host {
  namespace: NetworkNamespace;
  ask: Party['ask'];
  remove(): Promise<void>;
}

export async function makeHost(name: string, options?: { mounts: boolean }): Promise<Host> {
  const namespace = await NetworkNamespace.make(options);
  namespace.run('ip', 'link', 'set', 'lo', 'up');
  const party = await Party.at(namespace.enter, name);
  return {
    namespace,
    ask: (...question) => party.ask(...question),
    remove: async () => {
      await party.remove();
      await namespace.remove();
    },
  };
}

/** An end of a cable: `last` is the last number of its addresses. */
export interface CableEnd {
  host: Host;
  device: string;
  last: number;
}

/** Connects two hosts; `prefix4` as in `192.0.2`, `prefix6` as in `fd00:a`. */
export function connectHosts(
  ends: readonly [CableEnd, CableEnd],
  { prefix4, prefix6 }: { prefix4: string; prefix6: string },
): void {
  const [one, other] = ends;
  const peer = ['peer', 'name', other.device, 'netns', String(other.host.namespace.pid)];
  one.host.namespace.run('ip', 'link', 'add', one.device, 'type', 'veth', ...peer);
  for (const { host, device, last } of ends) {
    host.namespace.run('ip', 'addr', 'add', `${prefix4}.${last}/24`, 'dev', device);
    host.namespace.run('ip', 'addr', 'add', `${prefix6}::${last}/64`, 'dev', device, 'nodad');
    host.namespace.run('sh', '-c', `echo 0 >/proc/sys/net/ipv6/conf/${device}/accept_dad`);
    host.namespace.run('ip', 'link', 'set', device, 'up');
  }
  for (const { host, device } of ends) awaitLink(host, device);
}

/** The kernel may notice a carrier up to a second late (linkwatch); only then the link knows its neighbours of IPv6. */
function awaitLink(host: Host, device: string): void {
  const isUp = `ip -o link show dev ${device} | grep -q 'state UP'`;
  host.namespace.run('timeout', '5', 'sh', '-c', `until ${isUp}; do sleep 0.01; done`);
}
