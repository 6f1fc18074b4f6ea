import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { namesIn, unlessMissing } from './missing.ts';

/** Where the kernel says which programs it hands to which interpreter (admin-guide/binfmt-misc.rst). */
const BINFMT_MISC = '/proc/sys/fs/binfmt_misc';

/**
 * What becomes of programs for an architecture that the processor does not know: an interpreter executes them, which was opened
 * when it was registered (`F`) and so does it in every container; which is looked for in the container, where it is not as a rule;
 * which is switched off; nobody does, as far as can be seen.
 */
export type Emulation =
  | { kind: 'everywhere' | 'inside' | 'disabled'; name: string; interpreter: string }
  | { kind: 'none' };

const RANKS: readonly Emulation['kind'][] = ['everywhere', 'inside', 'disabled', 'none'];

interface Machine {
  /** Bits of a word. */
  bits: 32 | 64;
  order: 'little' | 'big';
  /** `e_machine` (elf(5)). */
  number: number;
}

/** By the architectures' names in images. */
const MACHINES: Readonly<Record<string, Machine>> = {
  '386': { bits: 32, order: 'little', number: 3 },
  amd64: { bits: 64, order: 'little', number: 62 },
  arm: { bits: 32, order: 'little', number: 40 },
  arm64: { bits: 64, order: 'little', number: 183 },
  loong64: { bits: 64, order: 'little', number: 258 },
  mips: { bits: 32, order: 'big', number: 8 },
  mipsle: { bits: 32, order: 'little', number: 8 },
  mips64: { bits: 64, order: 'big', number: 8 },
  mips64le: { bits: 64, order: 'little', number: 8 },
  ppc64: { bits: 64, order: 'big', number: 21 },
  ppc64le: { bits: 64, order: 'little', number: 21 },
  riscv64: { bits: 64, order: 'little', number: 243 },
  s390x: { bits: 64, order: 'big', number: 22 },
};

/** Finds out who executes programs for an architecture; whatever their handler is called, it is known by what it takes. */
export function emulationOf(architecture: string, directory = BINFMT_MISC): Emulation {
  const machine = Object.hasOwn(MACHINES, architecture) ? MACHINES[architecture] : undefined;
  const none: Emulation = { kind: 'none' };
  if (machine === undefined) return none;
  const program = header(machine);
  const isOff = read(join(directory, 'status'))?.trim() === 'disabled';
  const found = namesIn(directory).flatMap((name): Emulation[] => {
    if (name === 'status' || name === 'register') return [];
    const handler = read(join(directory, name));
    if (handler === undefined || !takes(handler, program)) return [];
    const interpreter = fieldOf(handler, 'interpreter ');
    if (isOff || !/^enabled$/m.test(handler)) return [{ kind: 'disabled', name, interpreter }];
    return [{ kind: fieldOf(handler, 'flags: ').includes('F') ? 'everywhere' : 'inside', name, interpreter }];
  });
  const [best = none] = found.sort((one, other) => RANKS.indexOf(one.kind) - RANKS.indexOf(other.kind));
  return best;
}

/** A handler that is just removed is none; `register` cannot be read. */
function read(path: string): string | undefined {
  return unlessMissing(() => readFileSync(path, 'utf8'));
}

function fieldOf(handler: string, name: string): string {
  const line = handler.split('\n').find((each) => each.startsWith(name));
  return line?.slice(name.length) ?? '';
}

/** The beginning of a program, up to its machine. */
function header({ bits, order, number }: Machine): Buffer {
  const bytes = Buffer.alloc(20);
  bytes.set([0x7f, 0x45, 0x4c, 0x46, bits === 64 ? 2 : 1, order === 'little' ? 1 : 2, 1]);
  const [executable, type, machine] = [2, 16, 18];
  if (order === 'little') {
    bytes.writeUInt16LE(executable, type);
    bytes.writeUInt16LE(number, machine);
  } else {
    bytes.writeUInt16BE(executable, type);
    bytes.writeUInt16BE(number, machine);
  }
  return bytes;
}

/** Whether a handler wants a file that begins so. Those that go by the end of names have no magic. */
function takes(handler: string, program: Buffer): boolean {
  const magic = Buffer.from(fieldOf(handler, 'magic '), 'hex');
  const mask = Buffer.from(fieldOf(handler, 'mask '), 'hex');
  const offset = Number(fieldOf(handler, 'offset '));
  if (magic.length === 0 || offset + magic.length > program.length) return false;
  return magic.every((byte, index) => {
    const bits = mask[index] ?? 0xff;
    return ((program[offset + index] ?? 0) & bits) === (byte & bits);
  });
}
