import { EngineError } from '../errors.ts';
import { canonicalJson } from '../oci/canonical-json.ts';
import { asList, asObject, asString, optional, parseJson } from '../oci/json.ts';

/** The file of an archive of `docker save` that says what is in it. */
export const DOCKER_MANIFEST = 'manifest.json';

/** The largest one that is read, in bytes. */
export const DOCKER_MANIFEST_LIMIT = 8 * 1024 * 1024;

/** An image in an archive of `docker save`: where its parts are, and its names. */
export interface DockerArchiveImage {
  /** The name of the file with its config. */
  config: string;
  /** The names of the files with its layers, bottom first. */
  layers: string[];
  /** References as people write them; none: it dangles. */
  names: string[];
}

/** Reads `manifest.json` (Docker image spec v1.2, "Combined Image JSON"). Throws `invalid`. */
export function parseDockerManifest(bytes: Uint8Array): DockerArchiveImage[] {
  const images = asList(parseJson(bytes, DOCKER_MANIFEST), DOCKER_MANIFEST, readImage);
  if (images.length === 0) throw new EngineError('invalid', 'the archive has no image');
  return images;
}

function readImage(item: unknown, what: string): DockerArchiveImage {
  const image = asObject(item, what);
  return {
    config: asString(image.Config, `${what}.Config`),
    layers: optional(image.Layers, `${what}.Layers`, asStrings) ?? [],
    names: optional(image.RepoTags, `${what}.RepoTags`, asStrings) ?? [],
  };
}

/** Writes it: the same images give the same bytes. */
export function dockerManifest(images: readonly DockerArchiveImage[]): Uint8Array {
  return canonicalJson(
    images.map(({ config, layers, names }) => ({ Config: config, RepoTags: names, Layers: layers })),
  );
}

function asStrings(value: unknown, what: string): string[] {
  return asList(value, what, asString);
}
