import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { sha256 } from './oci-layout.ts';

/** The answer of the registry if it were honest. */
export interface Content {
  type: string;
  body: Buffer;
}

/** A way to answer a request badly. */
export type Fault = (
  request: IncomingMessage,
  response: ServerResponse,
  content: Content | undefined,
) => void;

/** Decides who may read: with tokens (a name and password or a refresh token buys one) or with basic authentication. */
export interface Guard {
  scheme: 'bearer' | 'basic';
  username?: string;
  password?: string;
  refreshToken?: string;
  /** Hands tokens to everybody. */
  anonymous?: boolean;
  /** Seconds, as stated to the client. */
  lifetime?: number;
}

/** A registry that serves what it is given and misbehaves where it is told to. */
export interface HostileRegistry {
  host: string;
  /** `METHOD /path?query` of every request, in order. */
  requests: string[];
  /** The `Authorization` of every request, in the same order. */
  authorizations: (string | undefined)[];
  /** The `Range` of every request, in the same order. */
  ranges: (string | undefined)[];
  addBlob(bytes: Uint8Array): { mediaType: string; digest: string; size: number };
  /** Adds a manifest of any form under a tag and its digest, which is returned. */
  addManifest(name: string, tag: string, manifest: { type: string; body: string }): string;
  /** Answers the next `times` requests whose path matches with a fault. */
  misbehave(path: RegExp, fault: Fault, times?: number): void;
  /** Answers honestly from now on. */
  forgive(): void;
  /** Resolves when something whose path matches is asked for the next time. */
  next(path: RegExp): Promise<void>;
  guard(guard: Guard): void;
  /** Forgets all tokens, as an authorization server does in time. */
  revokeTokens(): void;
  stop(): Promise<void>;
}

/** Starts the registry on 127.0.0.1 at a free port; with `tls`, under the name `localhost` with that certificate. */
export async function startHostileRegistry(tls?: ServerOptions): Promise<HostileRegistry> {
  const contents = new Map<string, Content>();
  const faults: { path: RegExp; fault: Fault; times: number }[] = [];
  const listeners: { path: RegExp; resolve: () => void }[] = [];
  const door = new Door();
  const registry: HostileRegistry = {
    host: '',
    requests: [],
    authorizations: [],
    ranges: [],
    addBlob(bytes) {
      const digest = sha256(bytes);
      contents.set(digest, { type: 'application/octet-stream', body: Buffer.from(bytes) });
      const mediaType = 'application/vnd.oci.image.layer.v1.tar+gzip';
      return { mediaType, digest, size: bytes.length };
    },
    addManifest(name, tag, { type, body }) {
      const content = { type, body: Buffer.from(body) };
      contents.set(`${name}:${tag}`, content);
      contents.set(`${name}:${sha256(content.body)}`, content);
      return sha256(content.body);
    },
    misbehave: (path, fault, times = Number.POSITIVE_INFINITY) => faults.push({ path, fault, times }),
    forgive: () => void faults.splice(0),
    next: (path) => new Promise((resolve) => listeners.push({ path, resolve })),
    guard: (guard) => door.close(guard),
    revokeTokens: () => door.revoke(),
    stop: async () => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const path = request.url ?? '';
    registry.requests.push(`${request.method} ${path}`);
    registry.authorizations.push(request.headers.authorization);
    registry.ranges.push(request.headers.range);
    for (const { resolve } of listeners.filter((listener) => listener.path.test(path))) resolve();
    const content = find(contents, path);
    const fault = faults.find((entry) => entry.times > 0 && entry.path.test(path));
    if (fault !== undefined) {
      fault.times -= 1;
      fault.fault(request, response, content);
    } else if (path.startsWith('/token')) void door.sell(request, response);
    else if (!door.isOpenTo(request)) door.challenge(response, registry.host);
    else serve(request, response, content);
  };
  const server = tls === undefined ? createServer(answer) : createTlsServer(tls, answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  registry.host = `${tls === undefined ? '127.0.0.1' : 'localhost'}:${port}`;
  return registry;
}

function find(contents: ReadonlyMap<string, Content>, path: string): Content | undefined {
  const [, name, kind, key] = /^\/v2\/(.+)\/(manifests|blobs)\/([^/?]+)/.exec(path) ?? [];
  if (path === '/v2/') return { type: 'application/json', body: Buffer.from('{}') };
  return contents.get(kind === 'blobs' ? (key ?? '') : `${name}:${key}`);
}

function serve(request: IncomingMessage, response: ServerResponse, content: Content | undefined): void {
  if (content === undefined) {
    refuse(response, 404, 'MANIFEST_UNKNOWN', 'manifest unknown');
    return;
  }
  const { body, type } = content;
  const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
  const headers = { 'content-type': type, 'content-length': body.length - start };
  if (request.headers.range === undefined) response.writeHead(200, headers);
  else
    response.writeHead(206, {
      ...headers,
      'content-range': `bytes ${start}-${body.length - 1}/${body.length}`,
    });
  response.end(body.subarray(start));
}

/** An error in the form of the distribution spec. */
function refuse(response: ServerResponse, status: number, code: string, message: string): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ errors: [{ code, message }] }));
}

/** The ways to misbehave. */
export const faults = {
  status:
    (status: number, headers: Record<string, string> = {}, errors: unknown[] = []): Fault =>
    (_request, response) => {
      response.writeHead(status, headers);
      response.end(JSON.stringify({ errors }));
    },
  /** Announces everything, sends the first bytes of what was asked for, then ends the connection. */
  breakAfter:
    (bytes: number): Fault =>
    (request, response, content) => {
      const body = content?.body ?? Buffer.alloc(0);
      const start = Number(/^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1] ?? 0);
      const range = { 'content-range': `bytes ${start}-${body.length - 1}/${body.length}` };
      response.writeHead(start > 0 ? 206 : 200, {
        'content-length': body.length - start,
        ...(start > 0 && range),
      });
      response.write(body.subarray(start, start + bytes), () => request.socket.end());
    },
  /** Cuts the connection before any answer. */
  reset: (): Fault => (request) => {
    request.socket.resetAndDestroy();
  },
  /** Ends properly, but early: chunked, so that only the descriptor's size tells. */
  short:
    (bytes: number): Fault =>
    (_request, response, content) => {
      response.writeHead(200);
      response.end(content?.body.subarray(0, bytes));
    },
  /** Sends something else of the same length. */
  corrupt: (): Fault => (request, response, content) => {
    const body = Buffer.from(content?.body ?? '');
    if (body.length > 0) body[0] = (body[0] ?? 0) ^ 0xff;
    serve(request, response, content && { ...content, body });
  },
  /** States a digest of its own choice. */
  lie:
    (headers: Record<string, string>): Fault =>
    (_request, response, content) => {
      response.writeHead(200, { 'content-type': content?.type ?? '', ...headers });
      response.end(content?.body);
    },
  /** Ignores the range and sends everything. */
  whole: (): Fault => (_request, response, content) => {
    response.writeHead(200, { 'content-length': content?.body.length ?? 0 });
    response.end(content?.body);
  },
  /** Knows no ranges, and says so. */
  unsatisfiable: (): Fault => (request, response, content) => {
    if (request.headers.range === undefined) return serve(request, response, content);
    response.writeHead(416, { 'content-range': `bytes */${content?.body.length ?? 0}` });
    response.end();
  },
  /** Answers a range with at most so many bytes, from `shift` bytes further on, and says so. */
  part:
    (bytes: number, shift = 0): Fault =>
    (request, response, content) => {
      const { body } = content ?? { body: Buffer.alloc(0) };
      const asked = /^bytes=(\d+)-$/.exec(request.headers.range ?? '')?.[1];
      if (asked === undefined) return serve(request, response, content);
      const start = Number(asked) + shift;
      const piece = body.subarray(start, start + bytes);
      const range = `bytes ${start}-${start + piece.length - 1}/${body.length}`;
      response.writeHead(206, { 'content-length': piece.length, 'content-range': range });
      response.end(piece);
    },
  /** A range with a status, and without a word on which one it is. */
  unnamedPart: (): Fault => (request, response, content) => {
    if (request.headers.range === undefined) return serve(request, response, content);
    response.writeHead(206, { 'content-type': 'multipart/byteranges; boundary=x' });
    response.end('--x\r\n');
  },
  /** Answers as a proxy that compresses everything. */
  encoded:
    (coding: string, encode: (body: Buffer) => Buffer, chunked = false): Fault =>
    (_request, response, content) => {
      const body = encode(content?.body ?? Buffer.alloc(0));
      const length = chunked ? {} : { 'content-length': body.length };
      response.writeHead(200, { 'content-type': content?.type ?? '', 'content-encoding': coding, ...length });
      response.end(body);
    },
  redirect:
    (location: string): Fault =>
    (_request, response) => {
      response.writeHead(307, { location });
      response.end();
    },
  html: (): Fault => (_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' });
    response.end('<!doctype html><title>Welcome</title>');
  },
  /** A body that never ends. */
  endless: (): Fault => (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/octet-stream' });
    const piece = Buffer.alloc(65_536, 0x20);
    const more = (): void => {
      if (!response.destroyed && response.write(piece)) setImmediate(more);
      else response.once('drain', more);
    };
    more();
  },
  /** Begins to answer and then says nothing more. */
  stall:
    (bytes: number): Fault =>
    (_request, response, content) => {
      response.writeHead(200, { 'content-length': content?.body.length ?? 0 });
      response.write(content?.body.subarray(0, bytes));
    },
  /** Accepts the request and never answers. */
  silence: (): Fault => () => {},
};

/** Decides who may read, and sells tokens. */
class Door {
  #guard: Guard | undefined;
  readonly #tokens = new Set<string>();
  #sold = 0;

  close(guard: Guard): void {
    this.#guard = guard;
  }

  revoke(): void {
    this.#tokens.clear();
  }

  isOpenTo({ headers: { authorization = '' } }: IncomingMessage): boolean {
    if (this.#guard === undefined) return true;
    if (this.#guard.scheme === 'basic') return this.#isUser(authorization);
    return this.#tokens.has(authorization.replace(/^Bearer /, ''));
  }

  challenge(response: ServerResponse, host: string): void {
    const bearer = `Bearer realm="http://${host}/token",service="test, service",scope="repository:x:pull"`;
    response.setHeader('www-authenticate', this.#guard?.scheme === 'basic' ? 'Basic realm="test"' : bearer);
    refuse(response, 401, 'UNAUTHORIZED', 'authentication required');
  }

  async sell(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const form = new URLSearchParams(await text(request));
    const refreshed = request.method === 'POST' && form.get('refresh_token') === this.#guard?.refreshToken;
    const { authorization } = request.headers;
    const welcome = authorization === undefined ? this.#guard?.anonymous : this.#isUser(authorization);
    if (request.method === 'POST' ? !refreshed : !welcome) {
      return refuse(response, 401, 'UNAUTHORIZED', 'incorrect username or password');
    }
    const token = `token-${++this.#sold}`;
    this.#tokens.add(token);
    const name = request.method === 'POST' ? 'access_token' : 'token';
    response.end(JSON.stringify({ [name]: token, expires_in: this.#guard?.lifetime ?? 300 }));
  }

  #isUser(authorization: string): boolean {
    const { username, password } = this.#guard ?? {};
    return authorization === `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
  }
}
