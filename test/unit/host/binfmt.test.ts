import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { emulationOf } from '../../../src/host/binfmt.ts';

const directories: string[] = [];
afterAll(() => {
  for (const directory of directories) rmSync(directory, { recursive: true });
});

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'skiff-binfmt-'));
  directories.push(directory);
  writeFileSync(join(directory, 'status'), 'enabled\n');
});

/** A handler as the kernel shows what Debian's qemu-user-static registers, but for what is said. */
function handler(
  name: string,
  machine: string,
  { state = 'enabled', flags = 'POCF', ident = '020101' } = {},
) {
  const interpreter = `/usr/bin/${name}-static`;
  writeFileSync(
    join(directory, name),
    `${state}
interpreter ${interpreter}
flags: ${flags}
offset 0
magic 7f454c46${ident}000000000000000000${machine}
mask ffffffffffffff00fffffffffffffffffeffffff
`,
  );
  return { name, interpreter };
}

describe('programs for another architecture', () => {
  it('that no machine has, whatever an image calls it, are executed by nobody', () => {
    handler('qemu-aarch64', 'b700');
    for (const name of ['constructor', '__proto__', 'none-such'])
      expect(emulationOf(name, directory)).toEqual({ kind: 'none' });
  });

  it('are executed by who takes what they begin with, whatever its name, everywhere if it was opened before', () => {
    const arm64 = handler('emulator', '0200b700');
    const s390x = handler('qemu-s390x', '00020016', { flags: 'OC', ident: '020201' });
    expect(emulationOf('arm64', directory)).toEqual({ kind: 'everywhere', ...arm64 });
    expect(emulationOf('s390x', directory)).toEqual({ kind: 'inside', ...s390x });
    for (const other of ['arm', 'riscv64', 'amd64', 'wasm'])
      expect(emulationOf(other, directory)).toEqual({ kind: 'none' });
  });

  it('are executed by nobody who is switched off, alone or with all others', () => {
    const off = handler('qemu-aarch64', '0200b700', { state: 'disabled' });
    expect(emulationOf('arm64', directory)).toEqual({ kind: 'disabled', ...off });
    const on = handler('other', '0200b700', { flags: 'F' });
    expect(emulationOf('arm64', directory)).toEqual({ kind: 'everywhere', ...on });
    writeFileSync(join(directory, 'status'), 'disabled\n');
    expect(emulationOf('arm64', directory)).toMatchObject({ kind: 'disabled' });
  });

  it('are executed by nobody where nothing is mounted, or handlers go by other things', () => {
    writeFileSync(
      join(directory, 'python'),
      'enabled\ninterpreter /usr/bin/python\nflags: \nextension .pyc\n',
    );
    writeFileSync(
      join(directory, 'llvm'),
      'enabled\ninterpreter /usr/bin/lli\nflags: \noffset 0\nmagic 4243\n',
    );
    expect(emulationOf('arm64', directory)).toEqual({ kind: 'none' });
    expect(emulationOf('arm64', join(directory, 'nowhere'))).toEqual({ kind: 'none' });
  });
});
