import { EngineError } from '../../errors.ts';
import { parseAddress } from '../../network/address/address.ts';

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

/**
 * A MAC address of one interface, with colons, dashes or dots. Returns it in lower case with colons. Throws `invalid`,
 * also for one that stands for a group or for nobody, which no interface can have.
 */
export function macAddress(text: string): string {
  const digits = /^([\da-f]{2}([:-])(?:[\da-f]{2}\2){4}[\da-f]{2}|[\da-f]{4}(?:\.[\da-f]{4}){2})$/i.test(text)
    ? text.toLowerCase().replace(/[:.-]/g, '')
    : '';
  const isGroup = (Number.parseInt(digits.slice(0, 2), 16) & 1) === 1;
  if (digits === '' || isGroup || /^0+$/.test(digits)) {
    throw new EngineError('invalid', `invalid MAC address: "${text}"`, {
      subject: text,
      hint: 'write one of a single interface, as in 92:d0:c6:0a:29:33',
    });
  }
  return digits.replace(/..(?=.)/g, '$&:');
}
