import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline';
import { afterAll } from 'vitest';
import { builtProgram } from './built-program.ts';

/** A program in the place of journald or syslogd: neither runtime has datagram sockets in the file system. */
export interface LogServer {
  /** A path, or a port of the loopback. */
  address: string;
  child: ChildProcess;
  /** The next message. */
  next(): Promise<Buffer>;
  /** Messages up to the first one that says yes, itself included. */
  until(isLast: (message: Buffer) => boolean): Promise<Buffer[]>;
}

/** Makes the servers of one test file; they end with it. */
export function useLogServers(): (kind: 'unixgram' | 'udp' | 'tcp') => Promise<LogServer> {
  const directory = mkdtempSync(join(tmpdir(), 'skiff-log-server-'));
  const children: ChildProcess[] = [];
  afterAll(() => {
    for (const child of children) child.kill('SIGKILL');
    rmSync(directory, { recursive: true });
  });
  return async (kind) => {
    const socket = join(directory, `${children.length}`);
    const child = spawn(builtProgram('log-server'), [kind, socket], { stdio: ['ignore', 'pipe', 'inherit'] });
    children.push(child);
    return await serverOf(child, createInterface({ input: child.stdout }), kind === 'unixgram' ? socket : '');
  };
}

async function serverOf(child: ChildProcess, output: Interface, socket: string): Promise<LogServer> {
  const lines = output[Symbol.asyncIterator]();
  const line = async (): Promise<string> => {
    const { value, done } = await lines.next();
    if (done === true) throw new Error('the log server ended');
    return value as string;
  };
  const [, port = ''] = (await line()).split(' ');
  const next = async () => Buffer.from(await line(), 'hex');
  return {
    address: socket === '' ? port : socket,
    child,
    next,
    async until(isLast) {
      for (const messages: Buffer[] = []; ; ) {
        const message = await next();
        messages.push(message);
        if (isLast(message)) return messages;
      }
    },
  };
}

/** The fields of an entry of journald's native protocol. */
export function journalFields(message: Buffer): Record<string, string> {
  const fields: Record<string, string> = {};
  for (let at = 0; at < message.length; ) {
    const end = message.indexOf('\n', at);
    const line = message.toString('utf8', at, end);
    const equals = line.indexOf('=');
    if (equals >= 0) {
      fields[line.slice(0, equals)] = line.slice(equals + 1);
      at = end + 1;
    } else {
      const length = Number(message.readBigUInt64LE(end + 1));
      fields[line] = message.toString('utf8', end + 9, end + 9 + length);
      at = end + 9 + length + 1;
    }
  }
  return fields;
}
