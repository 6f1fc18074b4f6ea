import { EngineError } from '../errors.ts';
import { CERTIFICATE_DIRECTORIES } from './certificates.ts';
import { redactUrl, TransportFailure } from './errors.ts';
import { HostPolicy } from './hosts.ts';
import { drain, type HttpResponse, Transport } from './transport.ts';

export interface DownloadOptions {
  userAgent: string;
  /** Where proxies and authorities are named, see {@link TransportOptions}. */
  environment: Readonly<NodeJS.ProcessEnv>;
  signal?: AbortSignal | undefined;
}

/** By what a server knows whether something is as it was (RFC 9110, 8.8): both as it has said them. */
export interface Validators {
  etag: string | undefined;
  /** A time, to the second. */
  modified: string | undefined;
}

/** What a URL leads to. */
export interface Download {
  header(name: string): string | undefined;
  /** To be iterated once. */
  body: AsyncIterable<Uint8Array>;
}

/**
 * Opens what an `http:` or `https:` URL leads to, redirects followed, by the rules of registries for proxies and
 * certificates. Throws `notFound` for a status of 404, `unavailable` for any other failure, the body's as well.
 */
export async function openDownload(url: URL, options: DownloadOptions): Promise<Download> {
  const response = await ask(url, {}, options);
  if (response.status !== 200) throw await refused(response, url);
  return opened(response, url);
}

/** The same when it is not as it was (RFC 9110, 13.1); undefined when the server says that it is. */
export async function openChangedDownload(
  url: URL,
  { etag, modified }: Validators,
  options: DownloadOptions,
): Promise<Download | undefined> {
  const headers = {
    ...(etag === undefined ? {} : { 'if-none-match': etag }),
    ...(modified === undefined ? {} : { 'if-modified-since': modified }),
  };
  const response = await ask(url, headers, options);
  if (response.status === 200) return opened(response, url);
  if (response.status !== 304 || Object.keys(headers).length === 0) throw await refused(response, url);
  await drain(response);
  return undefined;
}

/** What was that recently changed may be changed again in the same second: then its time says nothing (RFC 9110, 8.8.2.2). */
const SETTLED_MS = 60_000;

/** Returns by what a download will be known again. */
export function validatorsOf({ header }: Download, now: number = Date.now()): Validators {
  const modified = header('last-modified');
  const age = (Date.parse(header('date') ?? '') || now) - Date.parse(modified ?? '');
  return { etag: header('etag'), modified: age >= SETTLED_MS ? modified : undefined };
}

async function ask(
  url: URL,
  headers: Readonly<Record<string, string>>,
  { userAgent, environment, signal }: DownloadOptions,
): Promise<HttpResponse> {
  const transport = new Transport({
    hosts: new HostPolicy([]),
    userAgent,
    certificateDirectories: CERTIFICATE_DIRECTORIES,
    environment,
    answerTimeout: 30_000,
    idleTimeout: 60_000,
  });
  return await transport.send({ method: 'GET', url, headers, signal }).catch((error: unknown) => {
    throw explain(error, redactUrl(url));
  });
}

async function refused(response: HttpResponse, url: URL): Promise<EngineError> {
  await drain(response);
  const subject = redactUrl(url);
  const kind = response.status === 404 ? 'notFound' : 'unavailable';
  return new EngineError(kind, `${subject} was answered with status ${response.status}`, { subject });
}

function opened(response: HttpResponse, url: URL): Download {
  return { header: (name) => response.header(name), body: explained(response.body, redactUrl(url)) };
}

async function* explained(body: AsyncIterable<Uint8Array>, subject: string): AsyncGenerator<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw explain(error, subject);
  }
}

function explain(cause: unknown, subject: string): unknown {
  if (!(cause instanceof TransportFailure)) return cause;
  return new EngineError('unavailable', `${subject} cannot be fetched: ${cause.message}`, {
    subject,
    cause,
    hint: cause.hint,
  });
}
