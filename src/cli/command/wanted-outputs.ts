import type { ImageForm } from '../../engine/build/options.ts';
import { GZIP } from '../../engine/images/compressed-layer.ts';
import { EngineError } from '../../errors.ts';
import type { WantedOutput } from '../../grammar/build-output.ts';

/** The flags of a build that say what becomes of it. */
interface OutputFlags {
  output?: readonly WantedOutput[];
  push?: boolean;
  load?: boolean;
  tag?: readonly string[];
}

type WantedImage = Extract<WantedOutput, { type: 'image' }>;

/**
 * Returns what is to become of a build, with at most one image of this store, whose layers are compressed at once when it is
 * pushed: so its digest is that which the registry will have. Throws `invalid` for outputs that say two things of that image,
 * and for a push of what has no name.
 */
export function wantedOutputs({ output = [], push, load, tag = [] }: OutputFlags): WantedOutput[] {
  const image: WantedImage = { type: 'image', push: push === true, form: {} };
  const isImage = output.length === 0 || push === true || load === true;
  const wanted = [...output, ...(isImage ? [image] : [])];
  const images = wanted.filter((each) => each.type === 'image');
  const others = wanted.filter((each) => each.type !== 'image');
  if (images.length === 0) return others;
  const isPushed = images.some((each) => each.push);
  const form = oneForm(images);
  if (isPushed && tag.length + (form.names ?? []).length === 0)
    throw new EngineError('invalid', 'an image without a name cannot be pushed', {
      hint: 'name it, and its registry, with -t',
    });
  const compression = form.compression ?? (isPushed ? GZIP : undefined);
  return [...others, { type: 'image', push: isPushed, form: { ...form, compression } }];
}

/** The names by which an image is pushed. */
export function pushedNames(wanted: readonly WantedOutput[], tag: readonly string[] = []): string[] {
  const image = wanted.find((each) => each.type === 'image');
  return image?.push === true ? [...new Set([...tag, ...(image.form.names ?? [])])] : [];
}

function oneForm(images: readonly WantedImage[]): ImageForm {
  const forms = images.map(({ form }) => form).filter((form) => Object.keys(form).length > 0);
  const different = new Set(forms.map((form) => JSON.stringify(form)));
  if (different.size < 2) return forms[0] ?? {};
  throw new EngineError('invalid', 'an image is kept in one form: there are two outputs of type=image', {
    hint: 'give one of them, or write the other to a file: type=oci,dest=FILE',
  });
}
