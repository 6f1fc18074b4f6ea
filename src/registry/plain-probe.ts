import { firstAnswer } from '../host/first-answer.ts';
import { addressOf, isAddress, portOf } from './hosts.ts';

/** The time in ms in which whoever speaks HTTP says so. */
const TIMEOUT = 1_000;

/**
 * Whether a host answers the first message of a TLS handshake in plain HTTP, as a server does that speaks nothing else, with
 * its complaint about it. Any other answer, or none, says nothing: false. The message is written here, so that nothing of the
 * runtime's TLS, whose authorities take 20 ms to read, is loaded for a registry that has none. Nothing secret is sent.
 */
export async function answersInPlainHttp(url: URL): Promise<boolean> {
  const server = { host: addressOf(url), port: portOf(url) };
  const answer = await firstAnswer(server, clientHello(url), { bytes: STATUS_LINE.length, timeout: TIMEOUT });
  return answer.toString('latin1') === STATUS_LINE;
}

/** What an answer of HTTP/1 begins with (RFC 9112, section 4). No record of TLS does. */
const STATUS_LINE = 'HTTP/1.';

/**
 * A ClientHello of TLS 1.2 and 1.3 (RFC 8446, section 4.1.2; RFC 5246, section 7.4.1.2) with what servers want to see, as a
 * record. The handshake goes no further, so that its random bytes need not be random.
 */
export function clientHello(url: URL): Buffer {
  const name = Buffer.from(url.hostname);
  const extensions = [
    ...(isAddress(url) ? [] : [extension(0x0000, sized(2, Buffer.from([0]), sized(2, name)))]),
    extension(SUPPORTED_GROUPS, sized(2, numbers(0x001d, 0x0017, 0x0018))),
    extension(0x000b, sized(1, Buffer.from([0]))),
    extension(0x000d, sized(2, numbers(0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601))),
    extension(0x002b, sized(1, numbers(TLS_1_3, TLS_1_2))),
    extension(0x002d, sized(1, Buffer.from([1]))),
    // No share: a server of TLS 1.3 asks for the one that it wants.
    extension(0x0033, sized(2)),
  ];
  const ciphers = numbers(0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013);
  const hello = [
    numbers(TLS_1_2),
    Buffer.alloc(32),
    sized(1),
    sized(2, ciphers),
    sized(1, Buffer.from([0])),
    sized(2, ...extensions),
  ];
  return Buffer.concat([Buffer.from([22]), numbers(0x0301), sized(2, Buffer.from([1]), sized(3, ...hello))]);
}

const TLS_1_2 = 0x0303;
const TLS_1_3 = 0x0304;
/** Its number has the byte of a line's end: servers that read a line before they complain have one then. */
const SUPPORTED_GROUPS = 0x000a;

function extension(type: number, content: Buffer): Buffer {
  return Buffer.concat([numbers(type), sized(2, content)]);
}

/** As vectors are written in TLS: the length in so many bytes, then the content. */
function sized(width: number, ...content: readonly Buffer[]): Buffer {
  const all = Buffer.concat(content);
  const length = Buffer.alloc(width);
  length.writeUIntBE(all.length, 0, width);
  return Buffer.concat([length, all]);
}

function numbers(...values: readonly number[]): Buffer {
  return Buffer.concat(values.map((value) => Buffer.from([value >> 8, value & 0xff])));
}
