import { EngineError } from '../errors.ts';

/** The characters that may stand after `ctrl-`, each at the place of its code. */
const CONTROL = '@abcdefghijklmnopqrstuvwxyz[\\]^_';

/**
 * `--detach-keys ctrl-p,ctrl-q`: single characters, `ctrl-` with a letter or one of `@[\]^_`, or `DEL`, between commas.
 * Returns the bytes in hex, as the helper reads them. Empty: none. Throws `invalid`.
 */
export function parseDetachKeys(text: string): string {
  if (text === '') return '';
  return text
    .split(',')
    .map((key) => byteOf(key, text).toString(16).padStart(2, '0'))
    .join('');
}

function byteOf(key: string, text: string): number {
  const code = key.charCodeAt(0);
  if (key.length === 1 && code < 128) return code;
  if (key === 'DEL') return 127;
  const control = key.length === 6 && key.startsWith('ctrl-') ? CONTROL.indexOf(key.charAt(5)) : -1;
  if (control >= 0) return control;
  throw new EngineError('invalid', `invalid detach keys "${text}": "${key}" is no key`, {
    subject: text,
    hint: 'write characters and ctrl- with a letter between commas, as in ctrl-p,ctrl-q',
  });
}
