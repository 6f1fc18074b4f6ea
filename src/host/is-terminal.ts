import { fstatSync, type Stats } from 'node:fs';

/**
 * Whether a descriptor is a terminal. Files, pipes, sockets, /dev/null and what is closed are told from it without node:tty,
 * which costs Bun 5 ms to load.
 */
export function isTerminal(descriptor: number): boolean {
  const stats = statsOf(descriptor);
  if (stats?.isCharacterDevice() !== true || stats.rdev === NULL_DEVICE) return false;
  return process.getBuiltinModule('node:tty').isatty(descriptor);
}

function statsOf(descriptor: number): Stats | undefined {
  try {
    return fstatSync(descriptor);
  } catch {
    return undefined;
  }
}

/** /dev/null: major 1, minor 3 (admin-guide/devices.rst of the kernel), as makedev(3) puts it. */
const NULL_DEVICE = 0x103;
