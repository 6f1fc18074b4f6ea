/** The version of the API (1.44) since which images have no `VirtualSize`: their `Size`. */
const NO_VIRTUAL_SIZE_SINCE = 44;

/** The version (1.43) since which a list of images has no names for what has none. */
const NO_NAMES_SINCE = 43;

interface Sized {
  Size?: number;
}

interface Listed extends Sized {
  RepoTags?: readonly string[];
  RepoDigests?: readonly string[];
}

/** An image with what versions of the API had besides that a client may speak. */
export function imageFor<Image extends Sized>(version: number, image: Image): object {
  return version < NO_VIRTUAL_SIZE_SINCE ? { ...image, VirtualSize: image.Size } : image;
}

/** The same of one in a list. */
export function listedImageFor(version: number, image: Listed): object {
  const { RepoTags = [], RepoDigests = [] } = image;
  if (version >= NO_NAMES_SINCE || RepoTags.length > 0) return imageFor(version, image);
  const digests = RepoDigests.length > 0 ? RepoDigests : ['<none>@<none>'];
  return imageFor(version, { ...image, RepoTags: ['<none>:<none>'], RepoDigests: digests });
}
