import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { processIdentity } from '../../src/host/process.ts';

/** A network namespace of a test's own, which a process holds that does nothing. */
export class NetworkNamespace {
  readonly #holder: ChildProcess;
  /** The pid of the process in the namespace. */
  readonly pid: number;

  readonly #hasMounts: boolean;

  private constructor(holder: ChildProcess, pid: number, hasMounts: boolean) {
    this.#holder = holder;
    this.pid = pid;
    this.#hasMounts = hasMounts;
  }

  /** Makes one, with nothing in it but a loopback interface that is down; `mounts`: with a mount namespace as well. */
  static async make({ mounts = false }: { mounts?: boolean } = {}): Promise<NetworkNamespace> {
    const script = 'echo ready; exec sleep infinity';
    const holder = spawn('unshare', ['--net', ...(mounts ? ['--mount'] : []), 'sh', '-c', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(holder.stdout, 'data');
    return new NetworkNamespace(holder, holder.pid ?? 0, mounts);
  }

  /** argv in front of a command that runs in it. */
  get enter(): string[] {
    const mounts = this.#hasMounts ? [`--mount=/proc/${this.pid}/ns/mnt`] : [];
    return ['nsenter', `--net=/proc/${this.pid}/ns/net`, ...mounts];
  }

  /** Field 22 of the holder's /proc/PID/stat. */
  get startTime(): number {
    return processIdentity(this.pid)?.startTime ?? 0;
  }

  /** Runs a command in the namespace and returns what it prints. */
  run(command: string, ...args: string[]): string {
    const [nsenter = '', ...entering] = this.enter;
    return execFileSync(nsenter, [...entering, command, ...args], { encoding: 'utf8', stdio: 'pipe' });
  }

  /** `ip -json` in it. */
  ip(...args: string[]): Record<string, unknown>[] {
    return JSON.parse(this.run('ip', '-json', '-details', ...args) || '[]');
  }

  /** Shows a file with this text in place of another one to what runs in it; it has to have a mount namespace. */
  cover(path: string, text: string): void {
    const script = 'new=$(mktemp) && cat >"$new" && mount --bind "$new" "$1" && rm "$new"';
    const [nsenter = '', ...entering] = this.enter;
    execFileSync(nsenter, [...entering, 'sh', '-c', script, 'sh', path], { input: text });
  }

  /** Names of its interfaces, but for `lo`. */
  links(): string[] {
    return this.ip('link')
      .map(({ ifname }) => String(ifname))
      .filter((name) => name !== 'lo' && !name.startsWith('ifb'))
      .sort();
  }

  async remove(): Promise<void> {
    const ended = once(this.#holder, 'close');
    this.#holder.kill('SIGKILL');
    await ended;
  }
}
