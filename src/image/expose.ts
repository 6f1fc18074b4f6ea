import { EngineError } from '../errors.ts';

const LARGEST = 65_535;

/**
 * The ports that a word of EXPOSE names, as `80/tcp`: a port or a range, with a protocol or without; what would be an
 * address of the host and a port there is not kept. Throws `invalid`.
 */
export function exposedPorts(word: string): string[] {
  const [ports = '', protocol = 'tcp', ...more] = (word.split(':').at(-1) ?? '').split('/');
  const [, first, last = first] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(ports) ?? [];
  const [from, to] = [Number(first), Number(last)];
  if (first === undefined || from > to || to > LARGEST || more.length > 0) {
    throw new EngineError('invalid', `invalid port "${word}" in EXPOSE`, {
      subject: word,
      hint: 'a port or a range up to 65535, such as 8080, 53/udp or 8000-8010/tcp',
    });
  }
  const known = protocol.toLowerCase();
  if (!['tcp', 'udp', 'sctp'].includes(known))
    throw new EngineError('invalid', `invalid protocol "${protocol}" in EXPOSE`, { subject: word });
  return Array.from({ length: to - from + 1 }, (_, index) => `${from + index}/${known}`);
}
