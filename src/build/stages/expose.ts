import type { Evaluation } from './evaluation.ts';

const LARGEST = 65_535;

/** What a word of EXPOSE says. */
export interface ExposedPorts {
  first: number;
  last: number;
  /** In lower case. */
  protocol: string;
  /** What would be an address of the host and a port there: not kept. */
  host: string | undefined;
}

/**
 * The ports that a word of EXPOSE names: a port or a range, with a protocol or without. Undefined: it names none; a
 * message says why.
 */
export function exposedPorts(word: string): ExposedPorts | string {
  const colon = word.lastIndexOf(':');
  const [ports = '', protocol = '', ...more] = word.slice(colon + 1).split('/');
  const [, start, end = start] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(ports) ?? [];
  const [first, last] = [Number(start), Number(end)];
  if (start === undefined || first > last || last > LARGEST || more.length > 0)
    return `invalid port "${word}" in EXPOSE`;
  const known = protocol === '' ? 'tcp' : protocol.toLowerCase();
  if (!['tcp', 'udp', 'sctp'].includes(known)) return `invalid protocol "${protocol}" in EXPOSE`;
  return { first, last, protocol: known, host: colon < 0 ? undefined : word.slice(0, colon) };
}

/** All ports of an EXPOSE, as `80/tcp`, in the order of the words. */
export function exposed(one: Evaluation): string[] {
  const words = one.instruction.rest
    .split(/\s+/)
    .sort()
    .flatMap((word) => one.expandWords(word));
  return words.flatMap((word) => {
    const ports = exposedPorts(word);
    if (typeof ports === 'string')
      throw one.wrong(ports, {
        hint: 'a port or a range up to 65535, such as 8080, 53/udp or 8000-8010/tcp',
      });
    const { first, last, protocol } = ports;
    return Array.from({ length: last - first + 1 }, (_, index) => `${first + index}/${protocol}`);
  });
}
