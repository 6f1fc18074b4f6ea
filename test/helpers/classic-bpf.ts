/** A system call as a seccomp filter sees it: struct seccomp_data of linux/seccomp.h. */
export interface Call {
  number: number;
  /** AUDIT_ARCH_*. */
  arch: number;
  /** Up to six; those left out are 0. */
  args?: readonly bigint[];
}

/** The answer of a program (an array of struct sock_filter, little endian) to a call; throws for what no filter may do. */
export function runFilter(program: Uint8Array, call: Call): number {
  return traceFilter(program, call).answer;
}

/** Runs a filter on a call; returns its answer, and the number of instructions that it took. */
export function traceFilter(program: Uint8Array, call: Call): { answer: number; steps: number } {
  const code = new DataView(program.buffer, program.byteOffset, program.byteLength);
  const data = seccompData(call);
  let accumulator = 0;
  let steps = 0;
  for (let at = 0; at * 8 < program.length; at++) {
    steps++;
    const operand = code.getUint32(at * 8 + 4, true);
    const branch = (holds: boolean) => code.getUint8(at * 8 + (holds ? 2 : 3));
    switch (code.getUint16(at * 8, true)) {
      case 0x20: // BPF_LD | BPF_W | BPF_ABS
        if (operand % 4 !== 0) throw new Error(`a load at ${operand}`);
        accumulator = data.getUint32(operand, true);
        break;
      case 0x54: // BPF_ALU | BPF_AND | BPF_K
        accumulator = (accumulator & operand) >>> 0;
        break;
      case 0x05: // BPF_JMP | BPF_JA
        at += operand;
        break;
      case 0x15: // BPF_JMP | BPF_JEQ | BPF_K
        at += branch(accumulator === operand);
        break;
      case 0x25: // BPF_JMP | BPF_JGT | BPF_K
        at += branch(accumulator > operand);
        break;
      case 0x35: // BPF_JMP | BPF_JGE | BPF_K
        at += branch(accumulator >= operand);
        break;
      case 0x06: // BPF_RET | BPF_K
        return { answer: operand, steps };
      default:
        throw new Error(`instruction ${at} is unknown`);
    }
  }
  throw new Error('the program has no end');
}

function seccompData({ number, arch, args = [] }: Call): DataView {
  const data = new DataView(new ArrayBuffer(64));
  data.setUint32(0, number, true);
  data.setUint32(4, arch, true);
  for (const [index, value] of args.entries()) data.setBigUint64(16 + 8 * index, value, true);
  return data;
}
