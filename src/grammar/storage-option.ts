import { EngineError } from '../errors.ts';
import { parseSize } from './size.ts';

/**
 * The bytes of `--storage-opt size=SIZE`, the only one that Docker's overlay driver has; undefined for 0, which is no limit.
 * Throws `invalid`.
 */
export function parseStorageOption(text: string): number | undefined {
  const [key = '', ...value] = text.split('=');
  if (key === 'size' && value.length > 0) return parseSize(value.join('=')) || undefined;
  throw new EngineError('invalid', `unknown storage option: "${text}"`, {
    subject: text,
    hint: 'the only one is size, as in --storage-opt size=10g',
  });
}
