import { EngineError } from '../errors.ts';
import { type Digest, parseDigest } from '../oci/digest.ts';

/**
 * A name for an image, normalised: the domain is always there, and a reference has a tag, a digest or both.
 * `busybox` is `{domain: 'docker.io', path: 'library/busybox', tag: 'latest'}`.
 */
export interface Reference {
  domain: string;
  path: string;
  tag?: string | undefined;
  digest?: Digest | undefined;
}

const DEFAULT_DOMAIN = 'docker.io';
const LEGACY_DEFAULT_DOMAIN = 'index.docker.io';
const OFFICIAL = 'library/';
const PATH_LIMIT = 255;

/* The grammar of github.com/distribution/reference, production by production. */
const DOMAIN_COMPONENT = '(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])';
const HOST = `(?:${DOMAIN_COMPONENT}(?:\\.${DOMAIN_COMPONENT})*|\\[[a-fA-F0-9:]+\\])`;
const PATH_COMPONENT = '[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*';
const TAG = '[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}';
const DIGEST = '[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}';
const GRAMMAR = new RegExp(
  `^(${HOST}(?::[0-9]+)?)/(${PATH_COMPONENT}(?:/${PATH_COMPONENT})*)(?::(${TAG}))?(?:@(${DIGEST}))?$`,
);
const FULL_ID = /^[0-9a-f]{64}$/;
const ID_OR_PREFIX = /^(?:sha256:)?([0-9a-f]{1,64})$/;

/**
 * Reads what a user may write for an image: `busybox`, `user/app:1.2`, `localhost:5000/x@sha256:…`.
 * Adds the default registry, `library/` for official images, and `:latest` when there is neither tag nor digest.
 * Throws `invalid`, naming the text and the rule that it breaks.
 */
export function parseReference(text: string): Reference {
  if (text === '') throw new EngineError('invalid', 'image name is empty');
  if (FULL_ID.test(text)) throw invalid(text, 'it has the form of an image id');
  const { domain, rest } = splitDomain(text);
  const path = rest.split(/[:@]/, 1)[0] ?? '';
  if (path !== path.toLowerCase()) throw invalid(text, 'the repository name must be lower case');
  const match = GRAMMAR.exec(`${domain}/${rest}`);
  if (match === null) throw invalid(text, reasonFor(rest));
  const [, , name = '', tag, digest] = match;
  if (name.length > PATH_LIMIT) throw invalid(text, `the repository name is longer than ${PATH_LIMIT} bytes`);
  if (digest === undefined) return { domain, path: name, tag: tag ?? 'latest' };
  const parsed = parseDigest(digest, `digest of "${text}",`);
  return tag === undefined
    ? { domain, path: name, digest: parsed }
    : { domain, path: name, tag, digest: parsed };
}

/** The canonical text, with nothing left out: `docker.io/library/busybox:latest`. */
export function formatReference(reference: Reference): string {
  return `${reference.domain}/${reference.path}${suffix(reference)}`;
}

/** The name as users write it, without tag and digest: `busybox`, `user/app`, `localhost:5000/x`. */
export function familiarRepository({ domain, path }: Reference): string {
  if (domain !== DEFAULT_DOMAIN) return `${domain}/${path}`;
  const short = path.startsWith(OFFICIAL) ? path.slice(OFFICIAL.length) : path;
  if (!short.includes('/')) return short;
  // A path such as `localhost/x` would be read back as a name in another registry: it keeps its domain.
  return splitDomain(path).domain === DEFAULT_DOMAIN ? path : `${domain}/${path}`;
}

/** The reference as users write it: `busybox:latest`, `localhost:5000/x@sha256:…`. */
export function familiarReference(reference: Reference): string {
  return `${familiarRepository(reference)}${suffix(reference)}`;
}

/**
 * The hex digits, from the left, of an image's id: up to 64, with or without `sha256:` in front; undefined when the text
 * cannot be one. A short one such as `cafe` may be a name as well; as in Docker, names are looked for first.
 */
export function imageIdPrefix(text: string): string | undefined {
  return ID_OR_PREFIX.exec(text)?.[1];
}

/** Whether the first component names a registry: it has a dot, a port or an upper-case letter, or is `localhost`. */
function splitDomain(text: string): { domain: string; rest: string } {
  const slash = text.indexOf('/');
  const first = slash < 0 ? '' : text.slice(0, slash);
  const named = first === 'localhost' || /[.:]/.test(first) || first !== first.toLowerCase();
  const rest = named ? text.slice(slash + 1) : text;
  const domain = !named || first === LEGACY_DEFAULT_DOMAIN ? DEFAULT_DOMAIN : first;
  return { domain, rest: domain === DEFAULT_DOMAIN && !rest.includes('/') ? OFFICIAL + rest : rest };
}

function suffix({ tag, digest }: Reference): string {
  return (tag === undefined ? '' : `:${tag}`) + (digest === undefined ? '' : `@${digest}`);
}

function reasonFor(rest: string): string {
  if (/:[^/@]{129,}(@|$)/.test(rest)) return 'the tag is longer than 128 characters';
  return 'it must look like [registry[:port]/]name[:tag][@digest]';
}

function invalid(text: string, reason: string): EngineError {
  const shown = text.length > 300 ? `${text.slice(0, 300)}…` : text;
  return new EngineError('invalid', `image name ${JSON.stringify(shown)} is not valid: ${reason}`, {
    subject: text,
  });
}
