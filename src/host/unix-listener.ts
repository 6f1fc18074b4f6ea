import { readlinkSync } from 'node:fs';
import { EngineError } from '../errors.ts';
import { readText } from './read-text.ts';

/** Of a line of /proc/net/unix (proc_pid_net(5)): it listens (__SO_ACCEPTCON), and is a stream of bytes (SOCK_STREAM). */
const LISTENS = 0x10000;
const STREAM = '0001';

/** Throws `denied` for a descriptor of this process that is no Unix socket which listens: TCP is for `-H` alone. */
export function requireUnixListener(descriptor: number): void {
  const name = `fd://${descriptor}`;
  const found = targetOf(descriptor);
  const [, inode] = /^socket:\[(\d+)\]$/.exec(found) ?? [];
  if (inode !== undefined && isListener(inode)) return;
  const what = inode === undefined ? found : 'a socket of another kind, or one that does not listen';
  throw new EngineError(
    'denied',
    `the service does not listen on ${name}: it is no Unix socket that listens, but ${what}`,
    {
      subject: name,
      hint: 'ListenStream= of the socket unit is to be a path; for TCP use -H tcp://127.0.0.1:PORT',
    },
  );
}

function isListener(inode: string): boolean {
  const lines = readText('/proc/self/net/unix')?.split('\n') ?? [];
  return lines.some((line) => {
    const [, , , flags = '', type, , number] = line.split(/\s+/);
    return number === inode && type === STREAM && (Number.parseInt(flags, 16) & LISTENS) !== 0;
  });
}

function targetOf(descriptor: number): string {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`);
  } catch {
    return 'closed';
  }
}
