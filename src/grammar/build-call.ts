import { EngineError } from '../errors.ts';
import { csvFields } from './csv.ts';
import { booleanWord, oneOf } from './words.ts';

/** What is asked of a build instead of building, as Docker's `--call` says it. */
export interface BuildCall {
  method: 'build' | 'check' | 'targets' | 'outline';
  format: 'text' | 'json';
  /** Whether the exit code is 0 whatever is found. */
  ignoresStatus: boolean;
}

const METHODS = oneOf('build', 'check', 'targets', 'outline');
const FORMATS = oneOf('text', 'json');

/** Reads `METHOD[,format=text|json][,ignorestatus[=BOOLEAN]]`; `lint` is an older name of `check`. Throws `invalid`. */
export function parseBuildCall(text: string): BuildCall {
  const [method = '', ...fields] = csvFields(text);
  const call: BuildCall = {
    method: METHODS(method === 'lint' ? 'check' : method),
    format: 'text',
    ignoresStatus: false,
  };
  for (const field of fields) {
    const [name, ...value] = field.split('=');
    const written = value.join('=');
    if (name === 'format') call.format = FORMATS(written);
    else if (name === 'ignorestatus') call.ignoresStatus = booleanOf(value.length === 0 ? 'true' : written);
    else
      throw new EngineError('invalid', `"${field}" is none of the fields of --call`, {
        subject: text,
        hint: 'write METHOD,format=json or METHOD,ignorestatus=true',
      });
  }
  return call;
}

function booleanOf(text: string): boolean {
  const value = booleanWord(text);
  if (value !== undefined) return value;
  throw new EngineError('invalid', `"${text}" is neither true nor false`, { subject: text });
}
