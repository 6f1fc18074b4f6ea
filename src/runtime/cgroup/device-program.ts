import type { DeviceRuleSpec } from '../../oci/runtime-config.ts';

/** Opcodes of eBPF (RFC 9669): class, operation and source in one byte. */
const OPCODE = {
  /** dst = *(u32 *)(src + offset) */
  loadWord: 0x61,
  /** dst = immediate, 64 bits */
  moveImmediate: 0xb7,
  /** dst = src, 64 bits */
  moveRegister: 0xbf,
  /** dst &= immediate, 32 bits */
  andImmediate: 0x54,
  /** dst >>= immediate, 32 bits */
  shiftRight: 0x74,
  /** Jumps compare 64 bits, as those of 32 came with Linux 5.1; device numbers have 12 and 20 bits. */
  jumpIfNot: 0x55,
  jumpIf: 0x15,
  jumpIfNotRegister: 0x5d,
  exit: 0x95,
} as const;

/** The registers of the program. R1 is the context at first, and free once everything is loaded. */
const REGISTER = { result: 0, scratch: 1, type: 2, access: 3, major: 4, minor: 5 } as const;

/** struct bpf_cgroup_dev_ctx of linux/bpf.h: u32 access_type (type in the low half, access in the high), major, minor. */
const CONTEXT = { accessType: 0, major: 4, minor: 8 } as const;
const TYPES = { b: 1, c: 2 } as const;
const ACCESS: Readonly<Record<string, number>> = { m: 1, r: 2, w: 4 };
const ALL_ACCESS = 7;

/** An instruction before its jump is known; `next` jumps to the next rule. */
interface Instruction {
  opcode: number;
  dst?: number;
  src?: number;
  offset?: number;
  immediate?: number;
  next?: boolean;
}

/**
 * Compiles rules about devices into a program of type BPF_PROG_TYPE_CGROUP_DEVICE, as hex digits of its instructions.
 * It returns 1 for what is allowed, and 0 for what is not or is named by no rule. The last rule that fits counts, so
 * they are tried backwards. A rule that allows fits when it names every access that is asked for, one that denies when it
 * names any: opening for reading and writing is denied to whom either is.
 */
export function deviceProgram(rules: readonly DeviceRuleSpec[]): string {
  const program = loadContext();
  for (const rule of [...rules].reverse()) {
    const block = ruleBlock(rule);
    program.push(
      ...block.map((instruction, index) =>
        instruction.next === true ? { ...instruction, offset: block.length - index - 1 } : instruction,
      ),
    );
    if (block.length === 2) return encode(program);
  }
  return encode([...program, ...verdict(false)]);
}

function loadContext(): Instruction[] {
  const load = (dst: number, offset: number) => ({ opcode: OPCODE.loadWord, dst, src: 1, offset });
  return [
    load(REGISTER.type, CONTEXT.accessType),
    { opcode: OPCODE.andImmediate, dst: REGISTER.type, immediate: 0xffff },
    load(REGISTER.access, CONTEXT.accessType),
    { opcode: OPCODE.shiftRight, dst: REGISTER.access, immediate: 16 },
    load(REGISTER.major, CONTEXT.major),
    load(REGISTER.minor, CONTEXT.minor),
  ];
}

/** Tests that jump to the next rule, then the verdict. A rule for everything is its verdict alone: none follows it. */
function ruleBlock({ allow, type = 'a', major, minor, access = 'rwm' }: DeviceRuleSpec): Instruction[] {
  const unless = (dst: number, immediate: number): Instruction => {
    return { opcode: OPCODE.jumpIfNot, dst, immediate, next: true };
  };
  return [
    ...(type === 'a' ? [] : [unless(REGISTER.type, TYPES[type])]),
    ...accessTest(allow, accessMask(access)),
    ...(major === undefined ? [] : [unless(REGISTER.major, major)]),
    ...(minor === undefined ? [] : [unless(REGISTER.minor, minor)]),
    ...verdict(allow),
  ];
}

function accessMask(access: string): number {
  return [...access].reduce((mask, letter) => mask | (ACCESS[letter] ?? 0), 0);
}

function accessTest(allow: boolean, mask: number): Instruction[] {
  if (mask === ALL_ACCESS) return [];
  const { scratch, access } = REGISTER;
  return [
    { opcode: OPCODE.moveRegister, dst: scratch, src: access },
    { opcode: OPCODE.andImmediate, dst: scratch, immediate: mask },
    allow
      ? { opcode: OPCODE.jumpIfNotRegister, dst: scratch, src: access, next: true }
      : { opcode: OPCODE.jumpIf, dst: scratch, immediate: 0, next: true },
  ];
}

function verdict(allow: boolean): Instruction[] {
  return [
    { opcode: OPCODE.moveImmediate, dst: REGISTER.result, immediate: allow ? 1 : 0 },
    { opcode: OPCODE.exit },
  ];
}

/** struct bpf_insn, little endian as on all our architectures: u8 opcode, two registers of four bits, s16, s32. */
function encode(program: readonly Instruction[]): string {
  const bytes = Buffer.alloc(8 * program.length);
  program.forEach(({ opcode, dst = 0, src = 0, offset = 0, immediate = 0 }, index) => {
    const at = 8 * index;
    bytes.writeUInt8(opcode, at);
    bytes.writeUInt8(dst | (src << 4), at + 1);
    bytes.writeInt16LE(offset, at + 2);
    bytes.writeInt32LE(immediate | 0, at + 4);
  });
  return bytes.toString('hex');
}
