import { readFileSync } from 'node:fs';

/** The version of the running kernel: `6.18.0-1-generic` is 6 and 18. */
export interface RunningKernel {
  release: string;
  major: number;
  minor: number;
}

/** Reads the kernel's version from a file of /proc: node:os is slow to load. */
export function kernelVersion(): RunningKernel {
  const release = readFileSync('/proc/sys/kernel/osrelease', 'latin1').trim();
  const [major = 0, minor = 0] = release.split(/[.-]/).map(Number);
  return { release, major, minor };
}
