import { EngineError } from '../../errors.ts';

/** The place of an instruction: how many come after it. Programs are made from their end, as jumps only go forward. */
export type Label = number;

/** A range of values, from `from` up to the next range's, and the label that they lead to. */
export interface Range {
  from: number;
  to: Label;
}

/** linux/bpf_common.h: classes, sizes, modes and operations put together. */
const LOAD = 0x20;
const AND = 0x54;
const JUMP = 0x05;
const RETURN = 0x06;
export const EQUAL = 0x15;
export const AT_LEAST = 0x35;

/** BPF_MAXINSNS. */
const LIMIT = 4096;
/** How far a conditional jump reaches; one less than its byte holds, as the way to its other target may lie between. */
const REACH = 254;

interface Instruction {
  code: number;
  yes: number;
  no: number;
  operand: number;
}

/** Writes a program of classic BPF (linux/filter.h, struct sock_filter) from its end to its beginning. */
export class Assembler {
  readonly #backwards: Instruction[] = [];
  /** The latest instruction that gives each answer. */
  readonly #answers = new Map<number, Label>();

  /** Ends the program with an answer (SECCOMP_RET_*); one that is near enough is used again. */
  answer(action: number): Label {
    const known = this.#answers.get(action);
    if (known !== undefined && this.#distance(known) <= REACH) return known;
    const label = this.#emit({ code: RETURN, yes: 0, no: 0, operand: action });
    this.#answers.set(action, label);
    return label;
  }

  /** Loads the word at an offset of struct seccomp_data, then does `next`, which was made last; masked if not all counts. */
  load(offset: number, next: Label, mask = 0xffffffff): Label {
    if (next !== this.#backwards.length - 1) this.#emit(jump(this.#distance(next)));
    if (mask !== 0xffffffff) this.#emit({ code: AND, yes: 0, no: 0, operand: mask });
    return this.#emit({ code: LOAD, yes: 0, no: 0, operand: offset });
  }

  /** Compares the loaded word. */
  branch(code: number, operand: number, yes: Label, no: Label): Label {
    const nearYes = this.#near(yes);
    const nearNo = this.#near(no);
    return this.#emit({ code, yes: this.#distance(nearYes), no: this.#distance(nearNo), operand });
  }

  /** Finds the range of the loaded word in a balanced tree. The first range begins at 0. */
  search(ranges: readonly Range[]): Label {
    const [first, second, third] = ranges;
    if (first === undefined) throw new EngineError('internal', 'a search among no ranges');
    if (second === undefined) return first.to;
    if (ranges.length === 3 && third?.to === first.to && third.from === second.from + 1) {
      return this.branch(EQUAL, second.from, second.to, first.to);
    }
    const middle = ranges.length >> 1;
    const upper = ranges.slice(middle);
    const above = this.search(upper);
    const below = this.search(ranges.slice(0, middle));
    return this.branch(AT_LEAST, upper[0]?.from ?? 0, above, below);
  }

  /** The program as an array of struct sock_filter, little endian. Throws `invalid` when the kernel would not take it. */
  program(what: string): Uint8Array {
    const count = this.#backwards.length;
    if (count > LIMIT) {
      throw new EngineError('invalid', `${what} needs ${count} instructions, the kernel takes ${LIMIT}`);
    }
    const bytes = new DataView(new ArrayBuffer(8 * count));
    for (const [index, { code, yes, no, operand }] of this.#backwards.toReversed().entries()) {
      bytes.setUint16(8 * index, code, true);
      bytes.setUint8(8 * index + 2, yes);
      bytes.setUint8(8 * index + 3, no);
      bytes.setUint32(8 * index + 4, operand, true);
    }
    return new Uint8Array(bytes.buffer);
  }

  /** The target itself, or something in reach that does the same. */
  #near(target: Label): Label {
    if (this.#distance(target) <= REACH) return target;
    const instruction = this.#backwards[target];
    if (instruction?.code === RETURN) return this.answer(instruction.operand);
    return this.#emit(jump(this.#distance(target)));
  }

  /** How many instructions lie between the one that is made next and the target. */
  #distance(target: Label): number {
    return this.#backwards.length - target - 1;
  }

  #emit(instruction: Instruction): Label {
    return this.#backwards.push(instruction) - 1;
  }
}

function jump(distance: number): Instruction {
  return { code: JUMP, yes: 0, no: 0, operand: distance };
}
