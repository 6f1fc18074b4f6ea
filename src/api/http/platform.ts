import { EngineError } from '../../errors.ts';
import type { Platform } from '../../oci/platform.ts';
import { JsonObject } from './json.ts';

/** Reads a parameter that is a platform of the image spec as JSON, `{"os":"linux","architecture":"arm64"}`. Throws `invalid`. */
export function platformOf(value: unknown): Platform | undefined {
  if (value === undefined) return undefined;
  const platform = new JsonObject(value, 'platform');
  const [os, architecture, variant] = [
    platform.text('os'),
    platform.text('architecture'),
    platform.text('variant'),
  ];
  if (os === undefined || architecture === undefined)
    throw new EngineError('invalid', 'a platform needs its os and its architecture');
  return { os, architecture, ...(variant === undefined ? {} : { variant }) };
}
