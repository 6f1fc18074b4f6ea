import { resolve } from 'node:path';
import { EngineError } from '../errors.ts';
import { userPath } from '../host/working-directory.ts';
import { csvFields } from './csv.ts';

/** What is to become of a build, as `--output` says it. */
export type WantedOutput =
  | { type: 'image'; push: boolean }
  | { type: 'local'; directory: string }
  /** `file` absent: standard output. */
  | { type: 'tar' | 'oci' | 'docker'; file: string | undefined }
  /** A layout that is no archive. */
  | { type: 'oci-layout'; directory: string };

const FIELDS = ['type', 'dest', 'push', 'tar'];
const TYPES = ['image', 'registry', 'local', 'tar', 'oci', 'docker'];

/**
 * Reads `--output type=image|registry|local|tar|oci|docker[,dest=PATH]`, or a directory alone, or `-` for a tar on standard
 * output (Docker's build, "Custom build outputs"). `type=docker` without `dest` is an image of this store. Throws `invalid`.
 */
export function parseBuildOutput(text: string): WantedOutput {
  if (text === '-') return { type: 'tar', file: undefined };
  if (text !== '' && !text.includes('=')) return { type: 'local', directory: directoryOf(text) };
  const fields = fieldsOf(text);
  const { type, dest } = fields;
  if (fields['push'] !== undefined && type !== 'image') throw wrong(text, 'push goes with type=image');
  if (fields['tar'] !== undefined && type !== 'oci') throw wrong(text, 'tar goes with type=oci');
  switch (type) {
    case 'image':
    case 'registry':
      if (dest !== undefined) throw wrong(text, `what is of type ${type} has no dest`);
      return { type: 'image', push: type === 'registry' || isTrue(fields['push'] ?? 'false', text) };
    case 'local':
      if (dest === undefined || dest === '')
        throw wrong(text, 'name the directory: type=local,dest=DIRECTORY');
      return { type, directory: directoryOf(dest) };
    case 'oci':
      if (!isTrue(fields['tar'] ?? 'true', text))
        return { type: 'oci-layout', directory: layoutOf(dest, text) };
      return { type, file: fileOf(dest) };
    case 'docker':
      return dest === undefined ? { type: 'image', push: false } : { type, file: fileOf(dest) };
    case 'tar':
      return { type, file: fileOf(dest) };
    default:
      throw wrong(text, `type is one of ${TYPES.join(', ')}`);
  }
}

function fieldsOf(text: string): Record<string, string | undefined> {
  const fields: Record<string, string> = {};
  for (const field of csvFields(text)) {
    const [, name = '', value] = /^([^=]*)=(.*)$/s.exec(field) ?? [];
    if (value === undefined || !FIELDS.includes(name))
      throw wrong(text, `"${field}" is none of its fields: ${FIELDS.join(', ')}`);
    fields[name] = value;
  }
  return fields;
}

function isTrue(value: string, text: string): boolean {
  if (value === 'true' || value === 'false') return value === 'true';
  throw wrong(text, `"${value}" is neither true nor false`);
}

function directoryOf(path: string): string {
  return resolve(userPath(path));
}

function layoutOf(dest: string | undefined, text: string): string {
  if (dest === undefined || dest === '')
    throw wrong(text, 'name the directory of the layout: dest=DIRECTORY');
  return directoryOf(dest);
}

/** `-` is standard output, as nothing is. */
function fileOf(dest: string | undefined): string | undefined {
  return dest === undefined || dest === '-' || dest === '' ? undefined : dest;
}

function wrong(text: string, hint: string): EngineError {
  return new EngineError('invalid', `invalid output "${text}"`, { subject: text, hint });
}
