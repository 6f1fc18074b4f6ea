import { resolve } from 'node:path';
import type { ImageForm } from '../engine/build/options.ts';
import { EngineError } from '../errors.ts';
import { userPath } from '../host/working-directory.ts';
import { booleanField } from './compression.ts';
import { csvFields } from './csv.ts';
import { FORM_FIELDS, isFormField, parseImageForm } from './image-form.ts';

/** What is to become of a build, as `--output` says it. */
export type WantedOutput =
  | ({ type: 'image'; push: boolean } & WantedForm)
  | { type: 'local'; directory: string }
  /** `file` absent: standard output. */
  | { type: 'tar'; file: string | undefined }
  | ({ type: 'oci' | 'docker'; file: string | undefined } & WantedForm)
  /** A layout that is no archive. */
  | ({ type: 'oci-layout'; directory: string } & WantedForm)
  /** The cache alone. */
  | { type: 'cacheonly' };

/** How an image is written, and what that wants of the build. */
interface WantedForm {
  form: ImageForm;
  /** The times of files are to be SOURCE_DATE_EPOCH. */
  rewritesTimes?: boolean;
}

const TYPES = ['image', 'registry', 'local', 'tar', 'oci', 'docker', 'cacheonly'];

/** Besides those of the form of an image, which `IMAGES` have. */
const FIELDS: Record<string, readonly string[]> = {
  image: ['type', 'push'],
  registry: ['type', 'push'],
  local: ['type', 'dest'],
  tar: ['type', 'dest'],
  oci: ['type', 'dest', 'tar'],
  docker: ['type', 'dest', 'tar'],
  cacheonly: ['type'],
};
const IMAGES = ['image', 'registry', 'oci', 'docker'];

/**
 * Reads `--output type=image|registry|local|tar|oci|docker|cacheonly[,FIELD=VALUE…]`, or a directory alone, or `-` for a tar on
 * standard output (Docker's "Exporters overview"). `type=docker` without `dest` is an image of this store. Throws `invalid`,
 * and `unsupported` for what these exporters have and skiff has not.
 */
export function parseBuildOutput(text: string): WantedOutput {
  if (text === '-') return { type: 'tar', file: undefined };
  if (text !== '' && !text.includes('=')) return { type: 'local', directory: directoryOf(text) };
  const refuse = (hint: string) => wrong(text, hint);
  const fields = fieldsOf(text, refuse);
  const { type, dest } = fields;
  const form = (): WantedForm => ({
    form: parseImageForm(fields, refuse),
    ...(booleanField(fields, 'rewrite-timestamp', refuse) === true ? { rewritesTimes: true } : {}),
  });
  switch (type) {
    case 'image':
    case 'registry': {
      const push = booleanField(fields, 'push', refuse) ?? type === 'registry';
      return { type: 'image', push, ...form() };
    }
    case 'local':
      if (dest === undefined || dest === '') throw refuse('name the directory: type=local,dest=DIRECTORY');
      return { type, directory: directoryOf(dest) };
    case 'oci':
      if (booleanField(fields, 'oci-mediatypes', refuse) === false)
        throw refuse('a layout of the OCI has its media types');
      if (booleanField(fields, 'tar', refuse) === false)
        return { type: 'oci-layout', directory: layoutOf(dest, refuse), ...form() };
      return { type, file: fileOf(dest), ...form() };
    case 'docker':
      if (booleanField(fields, 'tar', refuse) === false) throw refuse('a layout is type=oci,tar=false');
      if (dest === undefined) return { type: 'image', push: false, ...form() };
      return { type, file: fileOf(dest), ...form() };
    case 'tar':
      return { type, file: fileOf(dest) };
    default:
      return { type: 'cacheonly' };
  }
}

function fieldsOf(
  text: string,
  refuse: (hint: string) => EngineError,
): Record<string, string | undefined> & { type: string } {
  const fields: Record<string, string> = {};
  for (const field of csvFields(text)) {
    const [, name = '', value] = /^([^=]*)=(.*)$/s.exec(field) ?? [];
    if (value === undefined) throw refuse(`"${field}" has no value`);
    fields[name] = value;
  }
  const { type = '' } = fields;
  const known = Object.hasOwn(FIELDS, type) ? FIELDS[type] : undefined;
  if (known === undefined) throw refuse(`type is one of ${TYPES.join(', ')}`);
  const isImage = IMAGES.includes(type);
  const strange = Object.keys(fields).find(
    (name) => !known.includes(name) && !(isImage && isFormField(name)),
  );
  if (strange === undefined) return { ...fields, type };
  const all = [...known, ...(isImage ? FORM_FIELDS : [])];
  throw refuse(`type=${type} has no "${strange}", but ${all.join(', ')}`);
}

function directoryOf(path: string): string {
  return resolve(userPath(path));
}

function layoutOf(dest: string | undefined, refuse: (hint: string) => EngineError): string {
  if (dest === undefined || dest === '') throw refuse('name the directory of the layout: dest=DIRECTORY');
  return directoryOf(dest);
}

/** `-` is standard output, as nothing is. */
function fileOf(dest: string | undefined): string | undefined {
  return dest === undefined || dest === '-' || dest === '' ? undefined : dest;
}

function wrong(text: string, hint: string): EngineError {
  return new EngineError('invalid', `invalid output "${text}"`, { subject: text, hint });
}
