import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { useStore } from '../helpers/skiff.ts';

const store = useStore(() => ({ env: { SKIFF_NETWORK: 'none' } }));

const place = mkdtempSync(join(tmpdir(), 'skiff-build-check-'));
afterAll(() => rmSync(place, { recursive: true, force: true }));

function context(dockerfile: string): string {
  const directory = mkdtempSync(join(place, 'context-'));
  writeFileSync(join(directory, 'Dockerfile'), dockerfile);
  return directory;
}

const build = (directory: string, ...options: string[]) => store.skiff(['build', ...options, directory]);

describe('build --check', () => {
  it('says what the file should not have and builds nothing; a build says it at its end, or fails for it', async () => {
    const directory = context('FROM scratch AS Base\nCOPY Dockerfile /\nCMD run\n');
    const argument = (value: string) => ['--build-arg', `BUILDKIT_DOCKERFILE_CHECK=${value}`];
    const checked = await build(directory, '--check');
    expect(checked).toMatchObject({ code: 1, stderr: '' });
    expect(checked.stdout).toMatch(
      /^Check complete, 2 warnings have been found!\n\nWARNING: StageNameCasing - /,
    );
    const skipped = await build(directory, '--call=check,format=json', ...argument('skip=all'));
    expect(skipped).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(skipped.stdout).warnings).toEqual([]);
    expect((await build(directory, '--call=targets')).stdout).toBe(
      'TARGET         DESCRIPTION\nbase (default)\n',
    );
    const failed = await build(directory, ...argument('error=true;skip=StageNameCasing'));
    expect(failed.code).toBe(1);
    expect(failed.stderr).toContain(' 1 warning found (use --debug to expand):\n - JSONArgsRecommended: ');
    expect(failed.stderr).toContain('skiff: lint violation found for rules: JSONArgsRecommended\n');
    expect(await store.ok(['images', '-q'])).toBe('');
    const built = await build(directory, '--progress', 'plain');
    expect(built.code).toBe(0);
    expect(built.stderr).toMatch(
      /\n 2 warnings found [^\n]*\n - StageNameCasing: [^\n]* \(line 1\)\n[^\n]* \(line 3\)\n$/,
    );
    expect((await build(directory, '-q')).stderr).toBe('');
  });
});
