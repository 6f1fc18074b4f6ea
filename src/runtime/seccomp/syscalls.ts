import { AARCH64, ARM, I386, X32_LACKS, X32_OWN, X86_64 } from './syscall-tables.ts';

/** System call numbers by name. */
export type SyscallTable = ReadonlyMap<string, number>;

/** A calling convention that a filter meets, under the name that profiles have for it. */
export interface Abi {
  name: string;
  /** AUDIT_ARCH_* of linux/audit.h: what the kernel says in seccomp_data.arch. */
  audit: number;
  /** How many bits of an argument count: those of a register, or 32. */
  argumentBits: 32 | 64;
  table: SyscallTable;
  /** Calls that share one number and say in their first argument which of them they are (socketcall(2), ipc(2)). */
  multiplexed: ReadonlyMap<string, Multiplexed>;
}

export interface Multiplexed {
  /** The number of `socketcall` or `ipc`. */
  number: number;
  /** The first argument. */
  selector: number;
}

export type Machine = 'x64' | 'arm64';

/** The bit that is set in the number of every x32 call (asm/unistd.h, __X32_SYSCALL_BIT). */
export const X32_BIT = 0x40000000;

/** The calls behind socketcall (linux/net.h, SYS_*) and ipc (linux/ipc.h), with the selector that the first one has. */
const SOCKETCALL = `1 socket bind connect listen accept getsockname getpeername socketpair send recv sendto recvfrom
  shutdown setsockopt getsockopt sendmsg recvmsg accept4 recvmmsg sendmmsg`;
const IPC = '1 semop semget semctl semtimedop 11 msgsnd msgrcv msgget msgctl 21 shmat shmdt shmget shmctl';

/** The calling conventions of a machine, its own first. */
export function abisOf(machine: Machine): [Abi, ...Abi[]] {
  const none = new Map<string, Multiplexed>();
  if (machine === 'arm64') {
    return [
      {
        name: 'SCMP_ARCH_AARCH64',
        audit: 0xc00000b7,
        argumentBits: 64,
        table: numbers(AARCH64),
        multiplexed: none,
      },
      { name: 'SCMP_ARCH_ARM', audit: 0x40000028, argumentBits: 32, table: numbers(ARM), multiplexed: none },
    ];
  }
  const x64 = numbers(X86_64);
  const i386 = numbers(I386);
  return [
    { name: 'SCMP_ARCH_X86_64', audit: 0xc000003e, argumentBits: 64, table: x64, multiplexed: none },
    {
      name: 'SCMP_ARCH_X86',
      audit: 0x40000003,
      argumentBits: 32,
      table: i386,
      multiplexed: multiplexed(i386),
    },
    { name: 'SCMP_ARCH_X32', audit: 0xc000003e, argumentBits: 32, table: x32(x64), multiplexed: none },
  ];
}

function x32(x64: SyscallTable): SyscallTable {
  const table = new Map([...x64, ...numbers(X32_OWN)].map(([name, number]) => [name, number + X32_BIT]));
  for (const name of X32_LACKS.trim().split(/\s+/)) table.delete(name);
  return table;
}

function multiplexed(table: SyscallTable): Map<string, Multiplexed> {
  const calls = new Map<string, Multiplexed>();
  for (const [list, call] of [
    [SOCKETCALL, 'socketcall'],
    [IPC, 'ipc'],
  ] as const) {
    const number = table.get(call);
    if (number === undefined) continue;
    for (const [name, selector] of numbers(list)) calls.set(name, { number, selector });
  }
  return calls;
}

/** Reads a list of names in the order of their numbers; a number in it is that of the name after it. */
function numbers(list: string): Map<string, number> {
  const table = new Map<string, number>();
  let next = 0;
  for (const word of list.trim().split(/\s+/)) {
    if (/^\d/.test(word)) next = Number(word);
    else table.set(word, next++);
  }
  return table;
}
