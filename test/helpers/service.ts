import { request as httpRequest, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { afterAll, beforeAll } from 'vitest';
import { printed, type Store } from './skiff.ts';

/** The answer to a request. */
export interface Answer {
  status: number;
  headers: IncomingMessage['headers'];
  body: Buffer;
  text: string;
  /** The body as JSON. */
  json: unknown;
}

export interface RequestOptions {
  /** Sent as JSON, unless it is bytes. */
  body?: unknown;
  headers?: Record<string, string>;
}

/** A service of a store that answers Docker's Engine API, and a client of it. */
export interface Service {
  /** The path of its socket. */
  socket: string;
  pid(): number;
  request(method: string, path: string, options?: RequestOptions): Promise<Answer>;
  /** As `request`; fails unless the status is one of these, and returns the JSON. */
  // biome-ignore lint/suspicious/noExplicitAny: answers are looked at member by member
  ok(method: string, path: string, options?: RequestOptions): Promise<any>;
  /** An answer that comes bit by bit. */
  open(method: string, path: string, options?: RequestOptions): Promise<IncomingMessage>;
  /** A connection that both sides have from then on. */
  hijack(path: string, options?: RequestOptions): Promise<Duplex>;
  /** Kills it (SIGKILL) and starts another one on the same socket. */
  restart(): Promise<void>;
}

/** Starts a service for the tests of one file, in whose directory its socket lies. */
export function useService(store: Store, args: readonly string[] = []): Service {
  const socket = join(store.root, 'docker.sock');
  let running: ReturnType<Store['start']> | undefined;
  const start = async () => {
    running = store.start(['system', 'service', '-H', `unix://${socket}`, ...args]);
    await printed({ stdout: running.stderr }, socket);
  };
  const stop = async (signal: 'SIGTERM' | 'SIGKILL') => {
    running?.kill(signal);
    await running;
  };
  beforeAll(start);
  afterAll(() => stop('SIGTERM'));
  const send = (method: string, path: string, { body, headers = {} }: RequestOptions = {}) => {
    const bytes = body === undefined || body instanceof Uint8Array ? body : Buffer.from(JSON.stringify(body));
    const described = bytes === undefined ? {} : { 'Content-Length': String(bytes.length) };
    const typed = body instanceof Uint8Array ? {} : { 'Content-Type': 'application/json' };
    const sent = httpRequest({
      socketPath: socket,
      method,
      path,
      headers: { ...typed, ...described, ...headers },
      agent: false,
    });
    sent.end(bytes);
    return sent;
  };
  const open: Service['open'] = (method, path, options) =>
    new Promise((resolve, reject) => {
      send(method, path, options).on('response', resolve).on('error', reject);
    });
  const service: Service = {
    socket,
    pid: () => running?.pid ?? 0,
    open,
    request: async (method, path, options) => {
      const response = await open(method, path, options);
      const chunks: Buffer[] = [];
      for await (const chunk of response) chunks.push(chunk);
      const whole = Buffer.concat(chunks);
      return {
        status: response.statusCode ?? 0,
        headers: response.headers,
        body: whole,
        text: whole.toString(),
        get json() {
          return JSON.parse(whole.toString());
        },
      };
    },
    ok: async (method, path, options) => {
      const { status, text } = await service.request(method, path, options);
      if (status >= 400) throw new Error(`${method} ${path}: ${status} ${text}`);
      return text === '' ? undefined : JSON.parse(text);
    },
    hijack: (path, { headers = {}, ...options } = {}) =>
      new Promise((resolve, reject) => {
        send('POST', path, { ...options, headers: { Upgrade: 'tcp', ...headers, Connection: 'Upgrade' } })
          .on('upgrade', (_response, connection, first: Buffer) => {
            if (first.length > 0) connection.unshift(first);
            resolve(connection);
          })
          .on('response', (response) => reject(new Error(`not upgraded: ${response.statusCode}`)))
          .on('error', reject);
      }),
    restart: async () => {
      await stop('SIGKILL');
      await start();
    },
  };
  return service;
}

/** Reads a connection, or an answer, to its end. */
export async function readAll(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Takes Docker's frames apart: what was written to each stream. Throws for what is no frame, or one of nothing. */
export function unframed(bytes: Buffer): { stdout: string; stderr: string } {
  const written: Record<number, string> = { 1: '', 2: '' };
  for (let at = 0; at < bytes.length; ) {
    const stream = bytes.readUInt8(at);
    const length = bytes.readUInt32BE(at + 4);
    if (written[stream] === undefined || length === 0 || at + 8 + length > bytes.length)
      throw new Error(`no frame at ${at} of ${bytes.length} bytes`);
    written[stream] += bytes.toString('utf8', at + 8, at + 8 + length);
    at += 8 + length;
  }
  return { stdout: written[1] ?? '', stderr: written[2] ?? '' };
}
