/** The meaning of the signals by which the kernel ends a process for a fault of its own (signal(7)). */
const FAULTS: Readonly<Record<number, { meaning: string; hints: string[] }>> = {
  4: {
    meaning: 'it executed an instruction that this processor does not have',
    hints: ['the program may be built for a newer processor'],
  },
  5: { meaning: 'it ran into a breakpoint or a check of its own', hints: [] },
  6: { meaning: 'it gave up by itself (abort), mostly after a failed check', hints: [] },
  7: {
    meaning: 'it used memory that cannot be had, mostly a mapped file that is too short or a full /dev/shm',
    hints: ['if it uses shared memory, give it more with --shm-size'],
  },
  8: { meaning: 'it divided by zero, or the like', hints: [] },
  11: {
    meaning: 'it used memory that is not its own (a segmentation fault), an error in the program',
    hints: [],
  },
  24: { meaning: 'its limit of CPU time was used up', hints: ['see --ulimit cpu='] },
  25: { meaning: 'a file grew beyond its limit', hints: ['see --ulimit fsize='] },
  31: {
    meaning: 'it made a system call that is not allowed, probably by a seccomp profile',
    hints: ['--security-opt seccomp=FILE takes another profile'],
  },
};

/** The words for a signal that a process brought upon itself. */
export function faultWords(signal: number): { meaning: string; hints: readonly string[] } {
  return FAULTS[signal] ?? { meaning: 'a fault of its own', hints: [] };
}
