import { createPrivateKey, randomUUID, sign, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { createCertificate } from './certificates.ts';

const SERVICE = 'test registry';
const ISSUER = 'test tokens';

/** An authorization server (distribution, "Token Authentication Specification") whose tokens a docker-registry believes. */
export interface TokenServer {
  /** The registry's settings under `auth.token`. */
  settings: Record<string, string>;
  /** The scopes that were asked for, request by request. */
  asked: string[][];
  /** The identity token of the user, which buys tokens as well. */
  identityToken: string;
  stop(): Promise<void>;
}

/**
 * Starts the server at a free port of loopback; it keeps its key below a directory. Tokens live as long as is said, in seconds;
 * a stranger may pull what lies below `public/`. Whoever waits for a program that asks it must not block this process.
 */
export async function startTokenServer(
  directory: string,
  user: { name: string; password: string },
  lifetime = 300,
): Promise<TokenServer> {
  const { authority, certificate, key } = createCertificate(directory);
  const chain = [new X509Certificate(readFileSync(certificate)).raw.toString('base64')];
  const privateKey = createPrivateKey(readFileSync(key));
  const asked: string[][] = [];
  const identityToken = `identity-${randomUUID()}`;
  const basic = `Basic ${Buffer.from(`${user.name}:${user.password}`).toString('base64')}`;

  const tokenOf = (scopes: readonly string[], isUser: boolean): string => {
    const now = Math.floor(Date.now() / 1000);
    const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const access = scopes.map((scope) => {
      const [type, name = '', actions = ''] = scope.split(':');
      const allowed = isUser ? actions.split(',') : name.startsWith('public/') ? ['pull'] : [];
      return { type, name, actions: allowed };
    });
    const claims = { iss: ISSUER, sub: isUser ? user.name : '', aud: SERVICE, jti: randomUUID(), access };
    const times = { iat: now, nbf: now - 10, exp: now + lifetime };
    const signed = `${encode({ typ: 'JWT', alg: 'ES256', x5c: chain })}.${encode({ ...claims, ...times })}`;
    const signature = sign('sha256', Buffer.from(signed), { key: privateKey, dsaEncoding: 'ieee-p1363' });
    return `${signed}.${signature.toString('base64url')}`;
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const query = new URL(request.url ?? '', 'http://tokens').searchParams;
    const form = new URLSearchParams(await text(request));
    const scopes = request.method === 'POST' ? (form.get('scope') ?? '').split(' ') : query.getAll('scope');
    const wanted = scopes.filter((scope) => scope !== '');
    asked.push(wanted);
    const { authorization } = request.headers;
    const isUser = authorization === basic || form.get('refresh_token') === identityToken;
    if (!isUser && (authorization !== undefined || request.method === 'POST')) {
      response.writeHead(401).end(JSON.stringify({ errors: [{ code: 'UNAUTHORIZED' }] }));
      return;
    }
    const token = tokenOf(wanted, isUser);
    response.end(JSON.stringify({ token, access_token: token, expires_in: lifetime }));
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as AddressInfo;
  const realm = `http://127.0.0.1:${port}/token`;
  return {
    settings: { realm, service: SERVICE, issuer: ISSUER, rootcertbundle: authority },
    asked,
    identityToken,
    async stop() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
