/** A request as the kernel puts it to a program of type CGROUP_DEVICE. */
export interface DeviceRequest {
  type: 'b' | 'c';
  major: number;
  minor: number;
  /** The accesses that are asked for together, of `rwm`. */
  access: string;
}

const TYPES = { b: 1, c: 2 };
const ACCESS: Record<string, number> = { m: 1, r: 2, w: 4 };

/**
 * Executes a program of struct bpf_insn, given as hex digits, as the kernel would (RFC 9669; the context is struct
 * bpf_cgroup_dev_ctx). Throws for what its verifier refuses: unknown instructions, jumps backwards or out of the program,
 * registers that were never set, instructions that nothing reaches.
 */
export function runDeviceProgram(hex: string, { type, major, minor, access }: DeviceRequest): number {
  const program = decode(hex);
  checkReachable(program);
  const mask = [...access].reduce((all, letter) => all | (ACCESS[letter] ?? 0), 0);
  const context = new Map([
    [0, TYPES[type] | (mask << 16)],
    [4, major],
    [8, minor],
  ]);
  const registers: (bigint | 'context' | undefined)[] = ['context'];
  registers[1] = 'context';
  registers[0] = undefined;
  for (let at = 0; ; at += 1) {
    const { opcode, dst, src, offset, immediate } = instruction(program, at);
    const number = (register: number): bigint => {
      const value = registers[register];
      if (typeof value !== 'bigint') throw new Error(`R${register} is no number at ${at}`);
      return value;
    };
    if (opcode === 0x95) return Number(number(0));
    if (opcode === 0x61) {
      const word = registers[src] === 'context' ? context.get(offset) : undefined;
      if (word === undefined) throw new Error(`no such word at ${at}`);
      registers[dst] = BigInt(word >>> 0);
    } else if (opcode === 0xb7) registers[dst] = BigInt(immediate);
    else if (opcode === 0xbf) registers[dst] = number(src);
    else if (opcode === 0x54) registers[dst] = number(dst) & BigInt(immediate >>> 0);
    else if (opcode === 0x74) registers[dst] = number(dst) >> BigInt(immediate);
    else if (opcode === 0x55) at += number(dst) !== BigInt.asUintN(64, BigInt(immediate)) ? offset : 0;
    else if (opcode === 0x15) at += number(dst) === BigInt.asUintN(64, BigInt(immediate)) ? offset : 0;
    else if (opcode === 0x5d) at += number(dst) !== number(src) ? offset : 0;
    else throw new Error(`unknown opcode 0x${opcode.toString(16)} at ${at}`);
  }
}

interface Instruction {
  opcode: number;
  dst: number;
  src: number;
  offset: number;
  immediate: number;
}

function decode(hex: string): Instruction[] {
  const bytes = Buffer.from(hex, 'hex');
  if (bytes.length === 0 || bytes.length % 8 !== 0 || bytes.length * 2 !== hex.length)
    throw new Error('no program');
  return Array.from({ length: bytes.length / 8 }, (_, index) => ({
    opcode: bytes.readUInt8(8 * index),
    dst: bytes.readUInt8(8 * index + 1) & 15,
    src: bytes.readUInt8(8 * index + 1) >> 4,
    offset: bytes.readInt16LE(8 * index + 2),
    immediate: bytes.readInt32LE(8 * index + 4),
  }));
}

function instruction(program: readonly Instruction[], at: number): Instruction {
  const found = program[at];
  if (found === undefined) throw new Error(`out of the program: ${at}`);
  if (found.offset < 0) throw new Error(`jump backwards at ${at}`);
  return found;
}

function checkReachable(program: readonly Instruction[]): void {
  const reached = new Set([0]);
  for (const at of reached) {
    const { opcode, offset } = instruction(program, at);
    if (opcode !== 0x95) reached.add(at + 1);
    if ([0x55, 0x15, 0x5d].includes(opcode)) reached.add(at + 1 + offset);
  }
  if (reached.size !== program.length) throw new Error('an instruction is never reached');
}
