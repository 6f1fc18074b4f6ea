import { EngineError } from '../errors.ts';
import { parseAddress } from '../network/address/address.ts';

/** A parser for an address of one family, or of either; `what` names it in the error. Throws `invalid`. */
export function address(what: string, family?: 4 | 6): (text: string) => string {
  return (text) => {
    const read = parseAddress(text);
    if (read !== undefined && (family === undefined || read.family === family)) return text;
    const example = family === 6 ? '2001:db8::33' : '172.30.100.104';
    throw new EngineError('invalid', `invalid ${what}: "${text}"`, {
      subject: text,
      hint: `write an IPv${family ?? '4 or IPv6'} address, as in ${example}`,
    });
  };
}

/** Spells a MAC address that has dashes, dots or capitals as the engine does; leaves anything else as it is. */
export function macAddress(text: string): string {
  if (!/^([\da-f]{2}([:-])(?:[\da-f]{2}\2){4}[\da-f]{2}|[\da-f]{4}(?:\.[\da-f]{4}){2})$/i.test(text))
    return text;
  return text
    .toLowerCase()
    .replace(/[:.-]/g, '')
    .replace(/..(?=.)/g, '$&:');
}
