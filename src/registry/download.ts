import { EngineError } from '../errors.ts';
import { CERTIFICATE_DIRECTORIES } from './certificates.ts';
import { redactUrl, TransportFailure } from './errors.ts';
import { HostPolicy } from './hosts.ts';
import { drain, Transport } from './transport.ts';

export interface DownloadOptions {
  userAgent: string;
  /** Where proxies and authorities are named, see {@link TransportOptions}. */
  environment: Readonly<NodeJS.ProcessEnv>;
  signal?: AbortSignal | undefined;
}

/** What a URL leads to. */
export interface Download {
  header(name: string): string | undefined;
  /** To be iterated once. */
  body: AsyncIterable<Uint8Array>;
}

/** Yields what a URL leads to. Throws as {@link openDownload}. */
export async function* download(url: URL, options: DownloadOptions): AsyncGenerator<Uint8Array> {
  yield* (await openDownload(url, options)).body;
}

/**
 * Opens what an `http:` or `https:` URL leads to, redirects followed, by the rules of registries for proxies and
 * certificates. Throws `notFound` for a status of 404, `unavailable` for any other failure, the body's as well.
 */
export async function openDownload(
  url: URL,
  { userAgent, environment, signal }: DownloadOptions,
): Promise<Download> {
  const transport = new Transport({
    hosts: new HostPolicy([]),
    userAgent,
    certificateDirectories: CERTIFICATE_DIRECTORIES,
    environment,
    answerTimeout: 30_000,
    idleTimeout: 60_000,
  });
  const subject = redactUrl(url);
  const response = await transport.send({ method: 'GET', url, signal }).catch((error: unknown) => {
    throw explain(error, subject);
  });
  if (response.status !== 200) {
    await drain(response);
    const kind = response.status === 404 ? 'notFound' : 'unavailable';
    throw new EngineError(kind, `${subject} was answered with status ${response.status}`, { subject });
  }
  return { header: (name) => response.header(name), body: explained(response.body, subject) };
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
