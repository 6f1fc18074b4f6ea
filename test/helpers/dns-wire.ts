/** DNS messages, as far as the tests need them. */

export const A = 1;
export const SOA = 6;
export const PTR = 12;
export const TXT = 16;
export const AAAA = 28;
export const ANY = 255;

export interface Question {
  name: string;
  type?: number;
  class?: number;
  id?: number;
  /** Size of datagrams, in an OPT record. */
  edns?: number;
  flags?: number;
}

export interface DnsAnswer {
  id: number;
  rcode: number;
  truncated: boolean;
  /** The name as the answer repeats it, with its upper and lower case. */
  name: string;
  /** Addresses and names; other data as hex digits. */
  data: string[];
  types: number[];
  ttls: number[];
  /** Size of datagrams that the OPT record tells. */
  edns: number | undefined;
  size: number;
}

function u16(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2);
  for (const [index, value] of values.entries()) bytes.writeUInt16BE(value, index * 2);
  return bytes;
}

export function encodeName(name: string): Buffer {
  const labels = name.split('.').filter((label) => label !== '');
  return Buffer.concat([
    ...labels.map((label) => Buffer.concat([Buffer.of(label.length), Buffer.from(label, 'latin1')])),
    Buffer.of(0),
  ]);
}

export function encodeQuestion({ name, type = A, class: klass = 1, id = 7, edns, flags = 0x100 }: Question) {
  const opt = edns === undefined ? Buffer.alloc(0) : Buffer.concat([Buffer.of(0), u16(41, edns, 0, 0, 0)]);
  const header = u16(id, flags, 1, 0, 0, edns === undefined ? 0 : 1);
  return Buffer.concat([header, encodeName(name), u16(type, klass), opt]);
}

/** A record for the name of the question. */
export function encodeRecord(type: number, data: Buffer): Buffer {
  return Buffer.concat([u16(0xc00c, type, 1, 0, 60, data.length), data]);
}

/** The answer of a server. */
export function encodeAnswer(question: Buffer, records: Buffer[], flags = 0x8180): Buffer {
  const header = u16(question.readUInt16BE(0), flags, 1, records.length, 0, 0);
  return Buffer.concat([header, question.subarray(12, questionEnd(question)), ...records]);
}

export function questionEnd(message: Buffer): number {
  return readName(message, 12).end + 4;
}

function readName(message: Buffer, start: number): { name: string; end: number } {
  const labels: string[] = [];
  let at = start;
  let end = 0;
  for (;;) {
    const length = message.readUInt8(at);
    if (length >= 0xc0) {
      end ||= at + 2;
      at = message.readUInt16BE(at) & 0x3fff;
    } else if (length === 0) {
      return { name: labels.join('.'), end: end || at + 1 };
    } else {
      labels.push(message.toString('latin1', at + 1, at + 1 + length));
      at += 1 + length;
    }
  }
}

function readData(message: Buffer, type: number, at: number, size: number): string {
  const bytes = message.subarray(at, at + size);
  if (type === A) return bytes.join('.');
  if (type === PTR) return readName(message, at).name;
  if (type === AAAA) return (bytes.toString('hex').match(/.{4}/g) ?? []).join(':');
  return bytes.toString('hex');
}

export function decodeAnswer(message: Buffer): DnsAnswer {
  const flags = message.readUInt16BE(2);
  const answer: DnsAnswer = {
    id: message.readUInt16BE(0),
    rcode: flags & 15,
    truncated: (flags & 0x200) !== 0,
    name: '',
    data: [],
    types: [],
    ttls: [],
    edns: undefined,
    size: message.length,
  };
  let at = 12;
  if (message.readUInt16BE(4) === 1) {
    answer.name = readName(message, 12).name;
    at = questionEnd(message);
  }
  const records = message.readUInt16BE(6) + message.readUInt16BE(10);
  for (let record = 0; record < records; record++) {
    at = readName(message, at).end;
    const type = message.readUInt16BE(at);
    const size = message.readUInt16BE(at + 8);
    if (type === 41) {
      answer.edns = message.readUInt16BE(at + 2);
      answer.rcode |= message.readUInt8(at + 4) << 4;
    } else {
      answer.types.push(type);
      answer.ttls.push(message.readUInt32BE(at + 4));
      answer.data.push(readData(message, type, at + 10, size));
    }
    at += 10 + size;
  }
  if (at !== message.length) throw new Error(`${message.length - at} bytes follow the answer`);
  return answer;
}
