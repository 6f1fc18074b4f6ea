import { EngineError } from '../../errors.ts';

const VARINT = 0;
const FIXED64 = 1;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;

/**
 * A message of Protocol Buffers (protobuf.dev, "Encoding") that is written field by field, by the numbers that its definition
 * gives them. As in proto3 what is absent, empty, false or 0 is left out.
 */
export class Message {
  readonly #pieces: Uint8Array[] = [];

  number(field: number, value: number | bigint | boolean | undefined): this {
    if (value === undefined || BigInt(value) === 0n) return this;
    this.#pieces.push(varint(tag(field, VARINT)), varint(BigInt(value)));
    return this;
  }

  text(field: number, value: string | undefined): this {
    return this.bytes(field, value === undefined ? undefined : Buffer.from(value));
  }

  bytes(field: number, value: Uint8Array | undefined): this {
    return value === undefined || value.length === 0 ? this : this.#delimited(field, value);
  }

  /** Is there, also when it is empty. */
  message(field: number, value: Message | undefined): this {
    return value === undefined ? this : this.#delimited(field, value.encoded());
  }

  /** google.protobuf.Timestamp, of ms since the epoch. */
  time(field: number, ms: number | undefined): this {
    if (ms === undefined) return this;
    const whole = Math.floor(ms);
    const nanoseconds = (whole % 1000) * 1_000_000;
    return this.message(field, new Message().number(1, Math.floor(whole / 1000)).number(2, nanoseconds));
  }

  /** A map of texts, or of bytes. */
  map(field: number, values: Readonly<Record<string, string | Uint8Array | undefined>>): this {
    for (const [key, value] of Object.entries(values)) {
      if (value === undefined) continue;
      const bytes = typeof value === 'string' ? Buffer.from(value) : value;
      this.message(field, new Message().text(1, key).bytes(2, bytes));
    }
    return this;
  }

  encoded(): Buffer {
    return Buffer.concat(this.#pieces);
  }

  #delimited(field: number, value: Uint8Array): this {
    this.#pieces.push(varint(tag(field, LENGTH_DELIMITED)), varint(BigInt(value.length)), value);
    return this;
  }
}

function tag(field: number, type: number): bigint {
  return BigInt(field * 8 + type);
}

function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  return Uint8Array.from([...bytes, Number(rest)]);
}

/** A message that was read: of a field that comes several times the last one counts, unless all are asked for. */
export class ReadMessage {
  readonly #fields: { field: number; value: bigint | Uint8Array }[] = [];

  /** Throws `invalid` for what is no message. */
  constructor(bytes: Uint8Array) {
    let at = 0;
    const take = (count: number): Uint8Array => {
      if (at + count > bytes.length) throw malformed('the message ends too early');
      at += count;
      return bytes.subarray(at - count, at);
    };
    const takeVarint = (): bigint => {
      let value = 0n;
      for (let shift = 0n; shift < 70n; shift += 7n) {
        const [byte = 0] = take(1);
        value |= BigInt(byte & 0x7f) << shift;
        if (byte < 0x80) return BigInt.asUintN(64, value);
      }
      throw malformed('a number of the message is too long');
    };
    while (at < bytes.length) {
      const head = takeVarint();
      const field = Number(head >> 3n);
      const type = Number(head & 7n);
      if (type === VARINT) this.#fields.push({ field, value: takeVarint() });
      else if (type === LENGTH_DELIMITED) this.#fields.push({ field, value: take(Number(takeVarint())) });
      else if (type === FIXED64 || type === FIXED32) take(type === FIXED64 ? 8 : 4);
      else throw malformed('the message has a field of a type that there is not');
    }
  }

  /** As a number of 64 bits with a sign; 0 when it is absent. */
  number(field: number): bigint {
    const value = this.#last(field);
    return typeof value === 'bigint' ? BigInt.asIntN(64, value) : 0n;
  }

  /** Undefined when it is absent. */
  bytes(field: number): Uint8Array | undefined {
    const value = this.#last(field);
    return typeof value === 'bigint' ? undefined : value;
  }

  /** Empty when it is absent. */
  text(field: number): string {
    return Buffer.from(this.bytes(field) ?? []).toString();
  }

  /** All messages of a field. */
  messages(field: number): ReadMessage[] {
    return this.#fields.flatMap((each) =>
      each.field === field && typeof each.value !== 'bigint' ? [new ReadMessage(each.value)] : [],
    );
  }

  /** All texts of a field. */
  texts(field: number): string[] {
    return this.#fields.flatMap((each) =>
      each.field === field && typeof each.value !== 'bigint' ? [Buffer.from(each.value).toString()] : [],
    );
  }

  /** A map of texts. */
  map(field: number): Map<string, string> {
    return new Map(this.messages(field).map((entry) => [entry.text(1), entry.text(2)]));
  }

  #last(field: number): bigint | Uint8Array | undefined {
    return this.#fields.findLast((each) => each.field === field)?.value;
  }
}

function malformed(why: string): EngineError {
  return new EngineError('invalid', `what the client has sent is no message of gRPC: ${why}`);
}
