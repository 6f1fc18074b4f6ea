import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, type ServerOptions } from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { digestOf } from '../../src/oci/digest.ts';

/** A way to answer a request badly: true when it has done so, or has broken it off; else the registry answers. */
export type UploadFault = (request: IncomingMessage, response: ServerResponse) => boolean;

/** A registry that takes uploads as the distribution spec says, and misbehaves where it is told to. */
export class UploadRegistry {
  readonly blobs = new Map<string, Buffer>();
  readonly manifests = new Map<string, { type: string; body: Buffer }>();
  /** `METHOD /path` of every request, numbers and digests replaced, and the `Authorization` and the query of each. */
  readonly requests: string[] = [];
  readonly authorizations: (string | undefined)[] = [];
  readonly queries: string[] = [];
  /** The scopes of each token that was sold. */
  readonly sold: string[][] = [];
  /** The first one sees each request, until it has answered one. */
  faults: UploadFault[] = [];
  headers: Record<string, string> = {};
  /** Whether it wants a token, which anybody gets. */
  isGuarded = false;
  readonly #tokens = new Set<string>();
  readonly #uploads = new Map<string, Buffer>();
  readonly #server;
  readonly #tls: ServerOptions | undefined;
  #count = 0;

  /** With `tls` it speaks HTTPS, under the name `localhost`. */
  constructor(tls?: ServerOptions) {
    const answer = (request: IncomingMessage, response: ServerResponse) =>
      void this.#serve(request, response);
    this.#tls = tls;
    this.#server = tls === undefined ? createServer(answer) : createTlsServer(tls, answer);
  }

  async start(): Promise<void> {
    await new Promise<void>((done) => this.#server.listen(0, '127.0.0.1', done));
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((done) => this.#server.close(done));
  }

  get host(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `${this.#tls === undefined ? '127.0.0.1' : 'localhost'}:${port}`;
  }

  /** How much of each upload that is not over has arrived. */
  get received(): number[] {
    return [...this.#uploads.values()].map((bytes) => bytes.length);
  }

  /** Tokens that were sold are worth nothing any more. */
  revoke(): void {
    this.#tokens.clear();
  }

  /** Forgets all that was begun. */
  forget(): void {
    this.#uploads.clear();
  }

  /** Begins an upload for another registry, and returns where. */
  begin(): string {
    this.#uploads.set(`${++this.#count}`, Buffer.alloc(0));
    return `/v2/app/blobs/uploads/${this.#count}`;
  }

  /** Answers 416 to a chunk, whatever it is. */
  unsatisfied(url: string, response: ServerResponse): true {
    response.writeHead(416, this.#range(url)).end();
    return true;
  }

  /** Keeps only the first bytes of a chunk, and says so. */
  takeOnly(length: number, request: IncomingMessage, response: ServerResponse): true {
    void buffer(request).then((bytes) => {
      const [, upload = ''] = /uploads\/(\d+)/.exec(request.url ?? '') ?? [];
      const before = this.#uploads.get(upload) ?? Buffer.alloc(0);
      this.#uploads.set(upload, Buffer.concat([before, bytes.subarray(0, length)]));
      response.writeHead(202, this.#range(request.url ?? '')).end();
    });
    return true;
  }

  /** Takes the end of a blob, and cuts the connection instead of saying so. */
  takeSilently(request: IncomingMessage, response: ServerResponse): true {
    void buffer(request).then((bytes) => {
      const [, upload = '', digest = ''] = /uploads\/(\d+).*digest=(.*)/.exec(request.url ?? '') ?? [];
      const before = this.#uploads.get(upload) ?? Buffer.alloc(0);
      this.#uploads.delete(upload);
      this.blobs.set(decodeURIComponent(digest), Buffer.concat([before, bytes]));
      response.destroy();
    });
    return true;
  }

  #range(url: string): Record<string, string> {
    const [location = '', upload = ''] = /^[^?]*uploads\/(\d+)/.exec(url) ?? [];
    return { location, range: `0-${Math.max(0, (this.#uploads.get(upload)?.length ?? 0) - 1)}` };
  }

  /** Sells a token, or asks for one: true when the request has its answer. */
  #holdUp(request: IncomingMessage, response: ServerResponse, url: URL): boolean {
    if (url.pathname === '/token') {
      const token = `token-${this.sold.push(url.searchParams.getAll('scope'))}`;
      this.#tokens.add(token);
      response.end(JSON.stringify({ token, expires_in: 300 }));
      return true;
    }
    const [, token = ''] = (request.headers.authorization ?? '').split(' ');
    if (!this.isGuarded || this.#tokens.has(token)) return false;
    const scheme = this.#tls === undefined ? 'http' : 'https';
    const challenge = `Bearer realm="${scheme}://${this.host}/token",service="test"`;
    response.writeHead(401, { 'www-authenticate': challenge }).end();
    return true;
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '' } = request;
    const url = new URL(request.url ?? '', 'http://registry');
    this.requests.push(`${method} ${url.pathname.replace(/\/[0-9]+$/, '/N').replace(/sha256:\w+/, 'D')}`);
    this.authorizations.push(request.headers.authorization);
    this.queries.push(url.search);
    if (this.#holdUp(request, response, url)) return;
    if (this.faults[0]?.(request, response) === true) {
      this.faults.shift();
      return;
    }
    const answer = (status: number, headers: Record<string, string> = {}) => {
      response.writeHead(status, { ...this.headers, ...headers }).end();
    };
    const [, digest = ''] = /\/blobs\/(sha256:\w+)$/.exec(url.pathname) ?? [];
    const [, upload] = /\/blobs\/uploads\/(\d+)$/.exec(url.pathname) ?? [];
    if (method === 'HEAD') return answer(this.blobs.has(digest) ? 200 : 404);
    if (method === 'POST') {
      const mount = url.searchParams.get('mount');
      if (mount !== null && this.blobs.has(mount)) return answer(201, { location: `/v2/app/blobs/${mount}` });
      return answer(202, { location: `${this.begin()}?state=x` });
    }
    if (/\/manifests\//.test(url.pathname)) {
      const body = await buffer(request);
      this.manifests.set(url.pathname, { type: request.headers['content-type'] ?? '', body });
      return answer(201, { 'docker-content-digest': digestOf(body), ...this.headers });
    }
    const before = this.#uploads.get(upload ?? '');
    if (upload === undefined || before === undefined) return answer(404);
    if (method === 'DELETE') {
      this.#uploads.delete(upload);
      return answer(204);
    }
    const range = () => this.#range(url.pathname);
    if (method === 'GET') return answer(204, range());
    const [, first] = /^(\d+)-\d+$/.exec(request.headers['content-range'] ?? '') ?? [];
    if (first !== undefined && Number(first) !== before.length) return answer(416, range());
    const bytes = Buffer.concat([before, await this.#arriving(request, upload, before)]);
    this.#uploads.set(upload, bytes);
    if (method === 'PATCH') return answer(202, range());
    const wanted = url.searchParams.get('digest') ?? '';
    if (`sha256:${createHash('sha256').update(bytes).digest('hex')}` !== wanted) return answer(400);
    this.blobs.set(wanted, bytes);
    return answer(201, { location: `/v2/app/blobs/${wanted}` });
  }

  /** What comes before the connection breaks stays. */
  async #arriving(request: IncomingMessage, upload: string, before: Buffer): Promise<Buffer> {
    const pieces: Buffer[] = [];
    try {
      for await (const piece of request) pieces.push(piece as Buffer);
    } catch {
      // The client hears of it, too.
    }
    this.#uploads.set(upload, Buffer.concat([before, ...pieces]));
    return Buffer.concat(pieces);
  }
}
