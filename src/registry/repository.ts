/** A repository: the registry's domain as users write it, and the path. Every image reference is one. */
export interface Repository {
  domain: string;
  path: string;
  /** Where the registry is, when that is written down somewhere, with a slash at its end; absent: it is found out. */
  base?: URL;
  /** The registry may do without TLS, or show a certificate that nobody vouches for, when this is asked of it. */
  insecure?: boolean;
}

/** `docker.io/library/busybox`. */
export function repositoryName({ domain, path }: Repository): string {
  return `${domain}/${path}`;
}
