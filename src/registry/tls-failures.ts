import type { TlsOptions } from './certificates.ts';
import { addressOf, isAddress, portOf } from './hosts.ts';

/** Why no TLS connection came to be. */
export type TlsFailureReason =
  /** The certificate is signed by no known authority, or it cannot be understood. */
  | 'certificate'
  | 'certificateExpired'
  | 'certificateNotYetValid'
  | 'certificateName'
  | 'clientCertificateWanted'
  | 'clientCertificateRefused'
  | 'tlsVersion'
  /** The server speaks TLS and does not want to with us, for another reason. */
  | 'handshake'
  | 'notTls';

/** Maps OpenSSL's verification results, which both runtimes use as error codes, to what is wrong with a certificate. */
const CERTIFICATE_REASONS: Readonly<Record<string, TlsFailureReason>> = {
  CERT_HAS_EXPIRED: 'certificateExpired',
  CERT_NOT_YET_VALID: 'certificateNotYetValid',
  ERR_TLS_CERT_ALTNAME_INVALID: 'certificateName',
  HOSTNAME_MISMATCH: 'certificateName',
};
const CERTIFICATE_CODE = /CERT|UNABLE_TO_|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH|CRL/;
const HANDSHAKE_CODE = /^(EPROTO$|ERR_SSL_)/;
/** Matches the alerts of TLS servers about the client's certificate (RFC 8446, section 6.2). */
const ABOUT_CERTIFICATES = /ALERT_(.*CERTIFICATE.*|UNKNOWN_CA|ACCESS_DENIED|DECRYPT_ERROR)$/;
/** A record that is an alert and nothing else (RFC 8446, sections 5.1 and 6), in bytes. */
const ALERT_LENGTH = 7;
const DIAGNOSIS_TIMEOUT = 3_000;

/** Returns what is wrong with the server's certificate; undefined when the error code is about something else. */
export function certificateFailure(code: string): TlsFailureReason | undefined {
  if (HANDSHAKE_CODE.test(code)) return undefined;
  return CERTIFICATE_REASONS[code] ?? (CERTIFICATE_CODE.test(code) ? 'certificate' : undefined);
}

/** Whether the handshake failed. More cannot be told from the code: Bun has the same one for everything. */
export function isHandshakeFailure(code: string): boolean {
  return HANDSHAKE_CODE.test(code);
}

/**
 * Finds out why a server and this client cannot agree: tries once more, below HTTP, where both JavaScript runtimes say
 * more. Nothing secret is sent. `words` are those of TLS, such as `handshake failure`. Undefined when it fails in
 * another way this time, or not at all.
 */
export async function diagnoseHandshake(
  url: URL,
  { cert, key }: TlsOptions,
  signal: AbortSignal | undefined,
): Promise<{ reason: TlsFailureReason; words: string } | undefined> {
  const { code, received } = await attempt(url, { ...(cert && key && { cert, key }) }, signal);
  if (!code.startsWith('ERR_SSL_')) return undefined;
  const words = code
    .replace(/^ERR_SSL_(.*ALERT_)?/, '')
    .replaceAll('_', ' ')
    .toLowerCase();
  return { reason: reasonOf(code, { received, shown: cert !== undefined }), words };
}

function reasonOf(code: string, { received, shown }: { received: number; shown: boolean }): TlsFailureReason {
  if (/PROTOCOL_VERSION|UNSUPPORTED_PROTOCOL/.test(code)) return 'tlsVersion';
  if (!code.includes('ALERT')) return code === 'ERR_SSL_WRONG_VERSION_NUMBER' ? 'notTls' : 'handshake';
  // TLS 1.2 has no words for a missing certificate; but what it refuses after its own hello can only be ours.
  const afterHello = /HANDSHAKE_FAILURE$/.test(code) && received > ALERT_LENGTH;
  if (!afterHello && !ABOUT_CERTIFICATES.test(code)) return 'handshake';
  return shown ? 'clientCertificateRefused' : 'clientCertificateWanted';
}

/** The error code of a handshake and a first question, and how many bytes had come by then. */
function attempt(
  url: URL,
  client: TlsOptions,
  signal: AbortSignal | undefined,
): Promise<{ code: string; received: number }> {
  return new Promise((resolve) => {
    // On first use: they cost Bun 8 ms to load.
    const { connect: connectTcp } = process.getBuiltinModule('node:net');
    const { connect: connectTls } = process.getBuiltinModule('node:tls');
    const host = addressOf(url);
    const socket = connectTcp({ host, port: portOf(url) });
    const tls = connectTls({
      socket,
      servername: isAddress(url) ? '' : host,
      // Nothing is verified: the authorities need not be read, which takes longer than all the rest.
      rejectUnauthorized: false,
      ca: [],
      ...client,
    });
    const finish = (code: string): void => {
      resolve({ code, received: socket.bytesRead });
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
      tls.destroy();
      socket.destroy();
    };
    const stop = (): void => finish('aborted');
    const timer = setTimeout(() => finish('no answer'), DIAGNOSIS_TIMEOUT);
    signal?.addEventListener('abort', stop, { once: true });
    for (const stream of [socket, tls]) {
      stream.on('error', ({ code }: NodeJS.ErrnoException) => finish(code ?? 'unknown'));
      stream.on('close', () => finish('closed'));
    }
    // TLS 1.3 servers judge the client's certificate when the client already thinks that all is well.
    tls.once('secureConnect', () => tls.write(`GET /v2/ HTTP/1.1\r\nHost: ${url.host}\r\n\r\n`));
    tls.once('data', () => finish('nothing this time'));
  });
}

/** Puts a failure into words for the user. `host` may have a port; `words` are those of the TLS library. */
export function explainTlsFailure(
  reason: TlsFailureReason,
  host: string,
  words: string,
): { message: string; hint?: string } {
  const certificate = `certificate of registry ${host}`;
  const insecureHint = `--insecure-registry ${host}`;
  const directory = `/etc/containers/certs.d/${host}`;
  switch (reason) {
    case 'certificate':
      return {
        message: `${certificate} is not trusted: ${words}`,
        hint: `put the certificate of its authority into ${directory}/ca.crt, or add ${insecureHint}`,
      };
    case 'certificateExpired':
      return {
        message: `${certificate} has expired`,
        hint: `renew it, check the clock of this machine, or add ${insecureHint}`,
      };
    case 'certificateNotYetValid':
      return {
        message: `${certificate} is not valid yet`,
        hint: `check the clock of this machine, or add ${insecureHint}`,
      };
    case 'certificateName':
      return {
        message: `${certificate} was issued for another name`,
        hint: `call the registry by the name in its certificate, or add ${insecureHint}`,
      };
    case 'clientCertificateWanted':
      return {
        message: `registry ${host} wants a client certificate`,
        hint: `put it into ${directory}/client.cert, and its key into client.key beside it`,
      };
    case 'clientCertificateRefused':
      return {
        message: `registry ${host} refused the client certificate: ${words}`,
        hint: `check the .cert and .key files in ${directory} and /etc/docker/certs.d/${host}`,
      };
    case 'tlsVersion':
      return {
        message: `registry ${host} offers no version of TLS that is accepted here`,
        hint: 'it must speak TLS 1.2 or later',
      };
    case 'handshake':
      return { message: `TLS handshake with registry ${host} failed: ${words}` };
    case 'notTls':
      return {
        message: `registry ${host} does not speak HTTPS`,
        hint: `if plain HTTP is acceptable, add ${insecureHint}`,
      };
  }
}
