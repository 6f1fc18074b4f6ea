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

/**
 * Yields what an `http:` or `https:` URL leads to, redirects followed, by the rules of registries for proxies and
 * certificates. Throws `notFound` for a status of 404, `unavailable` for any other failure.
 */
export async function* download(
  url: URL,
  { userAgent, environment, signal }: DownloadOptions,
): AsyncGenerator<Uint8Array> {
  const transport = new Transport({
    hosts: new HostPolicy([]),
    userAgent,
    certificateDirectories: CERTIFICATE_DIRECTORIES,
    environment,
    answerTimeout: 30_000,
    idleTimeout: 60_000,
  });
  const subject = redactUrl(url);
  try {
    const response = await transport.send({ method: 'GET', url, signal });
    if (response.status !== 200) {
      await drain(response);
      const kind = response.status === 404 ? 'notFound' : 'unavailable';
      throw new EngineError(kind, `${subject} was answered with status ${response.status}`, { subject });
    }
    yield* response.body;
  } catch (cause) {
    if (!(cause instanceof TransportFailure)) throw cause;
    throw new EngineError('unavailable', `${subject} cannot be fetched: ${cause.message}`, {
      subject,
      cause,
      hint: cause.hint,
    });
  }
}
