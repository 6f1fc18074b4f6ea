import { writeFileSync } from 'node:fs';

/** System call numbers that tests deny; the generic table of Linux has no mkdir, so programs there call mkdirat. */
const NUMBERS = {
  x64: {
    mkdir: 83,
    clone: 56,
    clone3: 435,
    setsid: 112,
    prctl: 157,
    ioctl: 16,
    stat: 4,
    faccessat: 269,
    statx: 332,
    faccessat2: 439,
    openat2: 437,
    setresuid: 117,
    poll: 7,
    execve: 59,
    execveat: 322,
  },
  arm64: {
    mkdir: 34,
    clone: 220,
    clone3: 435,
    setsid: 157,
    prctl: 167,
    ioctl: 29,
    stat: 80,
    faccessat: 48,
    statx: 291,
    faccessat2: 439,
    openat2: 437,
    setresuid: 147,
    poll: 73,
    execve: 221,
    execveat: 281,
  },
}[process.arch as 'x64' | 'arm64'];

export type Call = keyof typeof NUMBERS;

export const ALLOW = 0x7fff_0000;
export const KILL = 0x8000_0000;

/** The action that lets a call fail with an errno. */
export function errno(number: number): number {
  return 0x0005_0000 + number;
}

/** A program of struct sock_filter (linux/filter.h): `action` for these calls, the others are allowed. */
export function writeFilter(path: string, calls: readonly Call[], action: number): string {
  const load = [0x20, 0, 0, 0]; // ld [0]: seccomp_data.nr
  const tests = calls.flatMap((call) => [
    [0x15, 0, 1, NUMBERS[call]], // jeq: the next one, else the one after
    [0x06, 0, 0, action],
  ]);
  writeFileSync(path, Buffer.concat([load, ...tests, [0x06, 0, 0, ALLOW]].map(instruction)));
  return path;
}

function instruction([code = 0, ifTrue = 0, ifFalse = 0, value = 0]: readonly number[]): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16LE(code, 0);
  bytes.writeUInt8(ifTrue, 2);
  bytes.writeUInt8(ifFalse, 3);
  bytes.writeUInt32LE(value, 4);
  return bytes;
}
