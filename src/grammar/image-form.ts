import type { ImageForm } from '../engine/build/options.ts';
import { EngineError } from '../errors.ts';
import { collectAnnotation } from './annotations.ts';
import { booleanField, COMPRESSION_FIELDS, compressionOf, type OutputFields } from './compression.ts';

const READ = ['name', ...COMPRESSION_FIELDS, 'oci-mediatypes', 'rewrite-timestamp'];

/** What can only be as it is here, and what there is nothing for. The value that says what is so anyway is taken. */
const FIXED: Record<string, { value?: string; hint: string }> = {
  unpack: { value: 'true', hint: 'an image of this store is always unpacked' },
  store: { value: 'true', hint: 'what is pushed is kept in this store first: skiff rmi removes it' },
  'push-by-digest': { value: 'false', hint: 'an image is pushed by a name' },
  'name-canonical': { value: 'false', hint: 'an image that was pushed is found by its digest anyway' },
  'registry.insecure': { value: 'false', hint: 'registries without TLS stand in registries.conf' },
  'oci-artifact': { value: 'false', hint: 'there are no attestations that would be artifacts' },
  'dangling-name-prefix': { hint: 'an image without a name is found by its id' },
};

const ANNOTATION = /^annotation(?:-((?:index|manifest)(?:-descriptor)?))?(?:\[(.*)\])?\.(.+)$/;

/** Whether a field says how an image is written. */
export function isFormField(name: string): boolean {
  return READ.includes(name) || Object.hasOwn(FIXED, name) || ANNOTATION.test(name);
}

/** The fields of an image that people choose from, for messages. */
export const FORM_FIELDS = [...READ, 'annotation.KEY'];

/**
 * Reads how an image is to be written (Docker's "Image and registry exporters", "OCI and Docker exporters"). Throws `invalid` and,
 * for what there is not, `unsupported`; `wrong` makes the former of a hint.
 */
export function parseImageForm(fields: OutputFields, wrong: (hint: string) => EngineError): ImageForm {
  for (const [name, { value, hint }] of Object.entries(FIXED)) {
    const given = fields[name];
    if (given !== undefined && given !== value)
      throw new EngineError('unsupported', `there is no ${name}=${given} for outputs`, {
        subject: name,
        hint,
      });
  }
  const names = fields['name']?.split(',').filter((name) => name !== '');
  const annotations = annotationsOf(fields);
  const types = typesOf(fields['oci-mediatypes'], wrong);
  const compression = compressionOf(fields, wrong);
  if (types === 'docker' && annotations !== undefined)
    throw wrong('a manifest in the media types of Docker has no annotations');
  if (types === 'docker' && compression?.kind === 'zstd')
    throw wrong('the media types of Docker have none for zstd');
  return {
    ...(names === undefined ? {} : { names }),
    ...(compression === undefined ? {} : { compression }),
    ...(annotations === undefined ? {} : { annotations }),
    ...(types === undefined ? {} : { types }),
  };
}

function typesOf(text: string | undefined, wrong: (hint: string) => EngineError): 'docker' | undefined {
  const isOci = booleanField({ 'oci-mediatypes': text }, 'oci-mediatypes', wrong);
  return isOci === false ? 'docker' : undefined;
}

function annotationsOf(fields: OutputFields): Record<string, string> | undefined {
  let annotations: Record<string, string> | undefined;
  for (const [name, value] of Object.entries(fields)) {
    const [, level, platform, key = ''] = ANNOTATION.exec(name) ?? [];
    if (value === undefined || key === '') continue;
    const levels = `${level ?? 'manifest'}${platform === undefined ? '' : `[${platform}]`}`;
    annotations = collectAnnotation(`${levels}:${key}=${value}`, annotations);
  }
  return annotations;
}
