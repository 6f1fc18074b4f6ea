import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type SeccompRequest, seccompProgram } from '../../../../src/runtime/seccomp/program.ts';
import { runFilter } from '../../../helpers/classic-bpf.ts';

const PROFILE = JSON.stringify({
  defaultAction: 'SCMP_ACT_ALLOW',
  flags: ['SECCOMP_FILTER_FLAG_LOG', 'SECCOMP_FILTER_FLAG_TSYNC'],
  syscalls: [{ names: ['mkdir'], action: 'SCMP_ACT_ERRNO', errnoRet: 13 }],
});
let workspace: string;
let request: SeccompRequest;

beforeEach(() => {
  workspace = mkdtempSync(join(tmpdir(), 'seccomp-'));
  request = {
    directory: join(workspace, 'state/seccomp'),
    profile: 'builtin',
    capabilities: ['CAP_CHOWN'],
    architecture: 'x64',
    kernel: { major: 6, minor: 18 },
    revision: 'a'.repeat(64),
  };
});

afterEach(() => rmSync(workspace, { recursive: true }));

describe('the program of a profile', () => {
  it('is made once, and taken from the directory afterwards', async () => {
    const { file, specFile, flags } = await seccompProgram(request);
    expect(readFileSync(file).length % 8).toBe(0);
    expect(JSON.parse(readFileSync(specFile, 'utf8'))).toMatchObject({ defaultAction: 'SCMP_ACT_ERRNO' });
    expect(flags).toEqual(['spec-allow']);
    writeFileSync(file, 'as it was');
    expect(await seccompProgram(request)).toEqual({ file, specFile, flags });
    expect(readFileSync(file, 'utf8')).toBe('as it was');
  });

  it('is for nobody else to read or to change', async () => {
    const { file } = await seccompProgram(request);
    expect(statSync(request.directory).mode & 0o777).toBe(0o700);
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('is another one for other capabilities, machines, kernels and compilers', async () => {
    const requests: Partial<SeccompRequest>[] = [
      {},
      { capabilities: [] },
      { architecture: 'arm64' },
      { kernel: { major: 4, minor: 10 } },
      { kernel: { major: 4, minor: 4 } },
      { revision: 'b'.repeat(64) },
      { profile: { profile: PROFILE, source: 'one.json' } },
      { profile: { profile: `${PROFILE} `, source: 'one.json' } },
      { profile: { profile: PROFILE, source: 'one.json' }, capabilities: [] },
    ];
    const files = [];
    for (const members of requests) files.push((await seccompProgram({ ...request, ...members })).file);
    expect(new Set(files).size).toBe(requests.length);
  });

  it('is the same one for kernels between which nothing changes, and wherever a profile was read', async () => {
    const { file } = await seccompProgram(request);
    expect((await seccompProgram({ ...request, kernel: { major: 5, minor: 4 } })).file).toBe(file);
    const read = (source: string) => seccompProgram({ ...request, profile: { profile: PROFILE, source } });
    expect(await read('one.json')).toEqual(await read('two.json'));
  });

  it('of a file does what the file says, with its flags', async () => {
    const custom = { ...request, profile: { profile: PROFILE, source: 'one.json' } };
    const { file, flags } = await seccompProgram(custom);
    expect(flags).toEqual(['log']);
    const ask = (number: number) => runFilter(readFileSync(file), { number, arch: 0xc000003e });
    expect([ask(82), ask(83)]).toEqual([0x7fff0000, 0x50000 + 13]);
    expect((await seccompProgram(custom)).flags).toEqual(['log']);
  });

  it('is made again when its content was lost', async () => {
    const { file, specFile } = await seccompProgram(request);
    const before = readFileSync(file);
    writeFileSync(file, '');
    await seccompProgram(request);
    expect(readFileSync(file)).toEqual(before);
    rmSync(specFile);
    await seccompProgram(request);
    expect(statSync(specFile).size).toBeGreaterThan(0);
  });

  it('may be made by several at once, who leave nothing else behind', async () => {
    const programs = await Promise.all(Array.from({ length: 8 }, () => seccompProgram(request)));
    expect(new Set(programs.map(({ file }) => file)).size).toBe(1);
    expect(readdirSync(request.directory).map((name) => name.replace(/.*\./, ''))).toEqual(['bpf', 'json']);
  });

  it('of a bad profile is refused before anything is made', async () => {
    const bad = { ...request, profile: { profile: '{"defaultAction": "NO"}', source: 'bad.json' } };
    await expect(seccompProgram(bad)).rejects.toThrow(
      'seccomp profile bad.json: defaultAction: unknown action "NO"',
    );
    expect(readdirSync(workspace)).toEqual([]);
  });
});
