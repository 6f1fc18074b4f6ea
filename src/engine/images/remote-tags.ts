import { EngineError } from '../../errors.ts';
import { familiarReference, familiarRepository, parseReference } from '../../image/reference.ts';
import type { RegistryRequests } from '../../registry/requests.ts';
import { listTags } from '../../registry/tags.ts';

/** What a registry has of a repository. Names are as people write them. */
export interface RemoteTags {
  /** `busybox`, `localhost:5000/team/app`. */
  repository: string;
  /** The path at the registry: `library/busybox`. */
  path: string;
  tags: { tag: string; name: string }[];
}

/**
 * Asks a registry for all tags of a repository. Throws `invalid` for a name that has a tag or a digest already, and for a
 * tag that cannot be one, `notFound` where there are none.
 */
export async function remoteTags(
  text: string,
  { signal }: { signal?: AbortSignal | undefined },
  requests: RegistryRequests,
): Promise<RemoteTags> {
  const repository = parseReference(text);
  if (repository.digest !== undefined || /:[^/]*$/.test(text)) {
    throw new EngineError('invalid', `${text} is one image, not all tags of a repository`, {
      subject: text,
      hint: 'with --all-tags name a repository, without a tag',
    });
  }
  const { domain, path } = repository;
  const tags = await listTags(requests, { domain, path }, { signal });
  const familiar = familiarRepository(repository);
  if (tags.length === 0)
    throw new EngineError('notFound', `repository ${familiar} has no tags`, { subject: text });
  return {
    repository: familiar,
    path,
    tags: tags.map((tag) => ({ tag, name: nameOf(`${domain}/${path}`, tag) })),
  };
}

/** What a registry calls a tag may be anything. */
function nameOf(repository: string, tag: string): string {
  const reference = parseReference(`${repository}:${tag}`);
  if (reference.tag === tag && reference.digest === undefined) return familiarReference(reference);
  throw new EngineError('invalid', `"${tag}" is not a tag, but ${repository} is said to have it`, {
    subject: tag,
  });
}
