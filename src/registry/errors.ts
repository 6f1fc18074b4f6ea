import { EngineError, type ErrorDetails, type ErrorKind } from '../errors.ts';
import { explainTlsFailure, type TlsFailureReason } from './tls-failures.ts';

/** Why no answer came: the same words on every JavaScript runtime. */
export type FailureReason =
  | 'unknownHost'
  | 'refused'
  | 'unreachable'
  | 'broken'
  | 'timeout'
  | TlsFailureReason
  | 'redirect'
  | 'other';

/** A request that got no usable answer from the network. Stays inside `registry/`; see {@link explainTransportFailure}. */
export class TransportFailure extends Error {
  override readonly name = 'TransportFailure';
  readonly reason: FailureReason;
  readonly url: URL;
  /** Host and port of the proxy that was to carry the request. */
  readonly proxy: string | undefined;
  /** Tells the user what can be done about it, where that depends on more than the reason. */
  readonly hint: string | undefined;

  constructor(
    reason: FailureReason,
    url: URL,
    details: { message: string; proxy?: string | undefined; hint?: string | undefined; cause?: unknown },
  ) {
    super(details.message, details.cause === undefined ? undefined : { cause: details.cause });
    this.reason = reason;
    this.url = url;
    this.proxy = details.proxy;
    this.hint = details.hint;
  }
}

/** A registry's response instead of what was asked for: the `cause` of the EngineError that tells the user. */
export class RegistryError extends Error {
  override readonly name = 'RegistryError';
  /** The HTTP status. */
  readonly status: number;
  /** The code of the first error in the body (distribution spec, "Error Codes"), such as `NAME_UNKNOWN`. */
  readonly code: string | undefined;
  readonly method: string;
  /** The URL without user information and query, which may carry credentials. */
  readonly url: string;
  /** How long the registry wants to be left alone, in ms. */
  readonly retryAfter: number | undefined;

  constructor(details: {
    status: number;
    code?: string | undefined;
    message: string;
    method: string;
    url: URL;
    retryAfter?: number | undefined;
  }) {
    super(details.message);
    this.status = details.status;
    this.retryAfter = details.retryAfter;
    this.code = details.code;
    this.method = details.method;
    this.url = redactUrl(details.url);
  }
}

/** A URL that may be shown and logged: no user information, no query, no fragment. */
export function redactUrl(url: URL): string {
  return `${url.protocol}//${url.host}${url.pathname}`;
}

/** Host and port of a URL, the port always written out. */
export function hostAndPort(url: URL): string {
  return url.port === '' ? `${url.host}:${url.protocol === 'https:' ? 443 : 80}` : url.host;
}

const PROXY_HINT = 'check HTTPS_PROXY, HTTP_PROXY and NO_PROXY';

/** Turns a failure of the network into the error for the user. `registry` is the registry's domain. */
export function explainTransportFailure(failure: TransportFailure, registry: string): EngineError {
  const { host } = failure.url;
  const details = { subject: registry, cause: failure };
  const { reason, proxy } = failure;
  if (proxy !== undefined && (reason === 'unknownHost' || reason === 'refused' || reason === 'unreachable')) {
    return new EngineError('unavailable', `proxy ${proxy} for registry ${host} cannot be reached`, {
      ...details,
      hint: PROXY_HINT,
    });
  }
  if (proxy !== undefined && reason === 'other') {
    const message = `proxy ${proxy} does not connect to registry ${host}: ${failure.message}`;
    return new EngineError('unavailable', message, { ...details, hint: PROXY_HINT });
  }
  switch (reason) {
    case 'unknownHost':
      return new EngineError('unavailable', `cannot find registry host ${failure.url.hostname}`, {
        ...details,
        hint: 'check the spelling of the image name and the DNS settings of this machine',
      });
    case 'refused':
      return new EngineError(
        'unavailable',
        `connection to registry ${hostAndPort(failure.url)} was refused`,
        details,
      );
    case 'unreachable':
      return new EngineError(
        'unavailable',
        `registry ${hostAndPort(failure.url)} cannot be reached`,
        details,
      );
    case 'broken':
      return new EngineError('unavailable', `registry ${host} broke off the connection`, details);
    case 'timeout':
      return new EngineError(
        'unavailable',
        `registry ${hostAndPort(failure.url)} did not answer in time`,
        details,
      );
    case 'redirect':
      return new EngineError('invalid', `registry ${registry} sent a bad redirect: ${failure.message}`, {
        ...details,
        hint: failure.hint,
      });
    case 'other':
      return new EngineError(
        'unavailable',
        `request to registry ${host} failed: ${failure.message}`,
        details,
      );
    default: {
      const { message, hint } = explainTlsFailure(reason, host, failure.message);
      return new EngineError('unavailable', message, { ...details, hint });
    }
  }
}

/** The request that a failed response answers, in words for the user. */
export interface Asked {
  registry: string;
  /** `image docker.io/library/busybox:latest` or `blob sha256:… of docker.io/library/busybox`. */
  object: string;
  method: string;
  url: URL;
  /** Whether it was to be written to. */
  writing?: boolean | undefined;
}

/** Turns an answer other than success into the error for the user; the {@link RegistryError} is its cause. */
export function explainStatus(
  asked: Asked,
  answer: { status: number; body: Uint8Array; retryAfter?: number | undefined },
): EngineError {
  const said = readErrorBody(answer.body);
  const { status } = answer;
  const cause = new RegistryError({
    ...asked,
    status,
    code: said?.code,
    message: said?.text ?? `status ${status}`,
    retryAfter: answer.retryAfter,
  });
  const { registry, object } = asked;
  const because = said === undefined ? '' : `: ${said.text}`;
  const way = asked.writing === true ? HOW_TO_WRITE : HOW_TO_READ;
  const fail = (kind: ErrorKind, message: string, details?: Way): EngineError =>
    new EngineError(kind, message, { ...details, subject: object, cause });
  switch (true) {
    case status === 401:
      return fail(
        'unauthorized',
        `registry ${registry} does not let you ${asked.writing === true ? 'write' : 'read'} ${object}${because}`,
        way,
      );
    case status === 403:
      return fail('denied', `registry ${registry} denied access to ${object}${because}`, way);
    case status === 404 && asked.writing === true:
      return fail('notFound', `registry ${registry} has no place for ${object}${because}`, {
        hint:
          said === undefined
            ? `${registry} may not be a registry: its answer was not in the form of one`
            : 'check the name; in some registries a repository has to be made before it is written to',
      });
    case status === 404:
      return fail('notFound', `${object} not found in registry ${registry}`, {
        hint:
          said === undefined
            ? `${registry} may not be a registry: its answer was not in the form of one`
            : 'check the name and tag; an image that you may not see looks absent, too',
      });
    case status === 407:
      return fail('unauthorized', `a proxy before registry ${registry} wants a name and password`, {
        hint: 'put them into the URL of the proxy: http://NAME:PASSWORD@HOST:PORT',
      });
    case status === 429:
      return fail('unavailable', `registry ${registry} allows no more requests at present${because}`, {
        hint:
          answer.retryAfter === undefined
            ? 'try again later, or log in for a higher limit'
            : `try again in ${Math.ceil(answer.retryAfter / 1000)} s, or log in for a higher limit`,
      });
    case status === 413:
      return fail(
        'invalid',
        `registry ${registry} does not take as much at once as ${object} needs${because}`,
        { hint: 'the limit is the registry’s, or that of a proxy before it' },
      );
    case status >= 500:
      return fail('unavailable', `registry ${registry} answered status ${status} for ${object}${because}`);
    default:
      return fail(
        'invalid',
        `registry ${registry} refused the request for ${object} with status ${status}${because}`,
      );
  }
}

type Way = Pick<ErrorDetails, 'hint' | 'remedy'>;

const HOW_TO_WRITE: Way = {
  hint: 'check the name; writing needs credentials that allow it',
  remedy: 'check the name; writing needs credentials that allow it: skiff login REGISTRY',
};

/** What to do where a registry lets nobody read without a name. */
export const HOW_TO_READ: Way = {
  hint: 'check the name; a private image needs credentials',
  remedy: 'check the name; a private image needs credentials: skiff login REGISTRY',
};

/** What the `errors` list says, shortened and without control characters: it is shown on terminals. */
function readErrorBody(body: Uint8Array): { code: string; text: string } | undefined {
  try {
    const document: unknown = JSON.parse(new TextDecoder().decode(body));
    const { errors } = document as { errors: unknown[] };
    const [first] = errors as { code: unknown }[];
    if (typeof first?.code !== 'string') return undefined;
    // As many as a message can hold.
    const texts = errors.slice(0, 10).map(textOf);
    return { code: printable(first.code), text: printable([...new Set(texts)].join('; ')) };
  } catch {
    return undefined;
  }
}

/** An entry of the list: its message, and the detail where that is a text (distribution spec, "Error Codes"). */
function textOf(entry: unknown): string {
  const { code, message, detail } = entry as Record<'code' | 'message' | 'detail', unknown>;
  const text = typeof message === 'string' && message !== '' ? message : String(code);
  return typeof detail === 'string' && detail !== '' ? `${text}: ${detail}` : text;
}

/** Foreign text made fit for a message: one line, no control characters, at most 300 characters. */
export function printable(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ')
    .trim()
    .slice(0, 300);
}
