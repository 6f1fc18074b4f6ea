// Changes the executable that Bun has made in what its compiler has no setting for: which variables of the environment
// its runtime obeys, and what comes before its start. Both are decided before any line of skiff runs.
import { readFileSync, writeFileSync } from 'node:fs';

/**
 * Variables by which the runtime becomes Bun itself or runs code from elsewhere, listens or connects for a debugger,
 * talks on an inherited descriptor, writes files of its own, or ends its children with itself. Those that only tune it
 * (`JSC_…`, `BUN_JSC_…`) are left.
 */
const IGNORED_VARIABLES = [
  'BUN_BE_BUN',
  'BUN_OPTIONS',
  'BUN_INSPECT',
  'BUN_INSPECT_CONNECT_TO',
  'BUN_INSPECT_PRELOAD',
  'BUN_BYTECODE_DIGEST_OUT',
  'BUN_BYTECODE_ORDER_NAMES_OUT',
  'BUN_BYTECODE_ORDER_OUT',
  'BUN_FEATURE_FLAG_NO_ORPHANS',
  'NODE_CHANNEL_FD',
] as const;

/** Numbers of elf(5), for a program of x86-64. */
const ELF = { entryAt: 24, programHeadersAt: 32, programHeaderCountAt: 56, programHeaderSize: 56 };
const PT_LOAD = 1;
const PT_NOTE = 4;
const PF_X = 1;
const PF_R = 4;
const PAGE = 4096;

interface Segment {
  /** Where its header lies in the file. */
  at: number;
  type: number;
  flags: number;
  offset: number;
  address: number;
  fileSize: number;
  memorySize: number;
}

/**
 * Makes the runtime in `file` blind for some variables, which containers and other programs still get, and puts
 * `code` (native/entry.c, which begins with eight bytes for the address that it goes on at) before its start. Throws
 * when the file is not laid out as expected, so that a new version of Bun cannot undo this unnoticed.
 */
export function patchExecutable(file: string, code: Uint8Array): void {
  const program = readFileSync(file);
  const segments = segmentsOf(program);
  for (const name of IGNORED_VARIABLES) emptyName(program, only(segments, PT_LOAD, PF_R), name);
  writeFileSync(file, withEntry(program, segments, code));
}

function segmentsOf(program: Buffer): Segment[] {
  const number = (at: number) => Number(program.readBigUInt64LE(at));
  const start = number(ELF.programHeadersAt);
  const count = program.readUInt16LE(ELF.programHeaderCountAt);
  return Array.from({ length: count }, (_, index) => {
    const at = start + index * ELF.programHeaderSize;
    return {
      at,
      type: program.readUInt32LE(at),
      flags: program.readUInt32LE(at + 4),
      offset: number(at + 8),
      address: number(at + 16),
      fileSize: number(at + 32),
      memorySize: number(at + 40),
    };
  });
}

function only(segments: readonly Segment[], type: number, flags: number): Segment {
  const [segment, another] = segments.filter((one) => one.type === type && one.flags === flags);
  if (segment === undefined || another !== undefined)
    throw new Error(`the executable has not exactly one segment of type ${type} with flags ${flags}`);
  return segment;
}

/** The name that getenv(3) is given becomes empty, which no variable has. */
function emptyName(program: Buffer, { offset, fileSize }: Segment, name: string): void {
  const constants = program.subarray(offset, offset + fileSize);
  const at = constants.indexOf(`\0${name}\0`);
  if (at < 0 || constants.indexOf(`\0${name}\0`, at + 1) >= 0)
    throw new Error(`the runtime has not exactly one string ${name}`);
  constants[at + 1] = 0;
}

/**
 * The code in a segment of its own, behind the file and above all that is mapped. Its header takes the place of that of
 * the notes, which are for debuggers.
 */
function withEntry(program: Buffer, segments: readonly Segment[], code: Uint8Array): Buffer {
  const offset = roundUp(program.length);
  const loaded = segments.filter(({ type }) => type === PT_LOAD);
  const address = roundUp(Math.max(...loaded.map((segment) => segment.address + segment.memorySize)));
  const patched = Buffer.concat([program, Buffer.alloc(offset - program.length), code]);
  program.copy(patched, offset, ELF.entryAt, ELF.entryAt + 8);
  patched.writeBigUInt64LE(BigInt(address + 8), ELF.entryAt);
  const { at } = only(segments, PT_NOTE, PF_R);
  patched.writeUInt32LE(PT_LOAD, at);
  patched.writeUInt32LE(PF_R | PF_X, at + 4);
  for (const [index, value] of [offset, address, address, code.length, code.length, PAGE].entries())
    patched.writeBigUInt64LE(BigInt(value), at + 8 + index * 8);
  return patched;
}

function roundUp(size: number): number {
  return Math.ceil(size / PAGE) * PAGE;
}
