import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createPushProgress } from '../../../../src/cli/output/push-progress.ts';
import { type Digest, digestOf } from '../../../../src/oci/digest.ts';

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubEnv('TERM', 'xterm');
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

const [one, other] = [digestOf('one'), digestOf('other')];
const short = (digest: Digest) => digest.slice('sha256:'.length, 'sha256:'.length + 12);

/** Pushes two tags, and returns the lines that were written, without what moves the cursor. */
function shown(isTTY: boolean): string[] {
  const chunks: string[] = [];
  const display = createPushProgress({
    isTTY,
    columns: 200,
    rows: 24,
    write: (text) => chunks.push(text) > 0,
  });
  display.repository('host/app');
  for (const [tag, digest] of [
    ['1', one],
    ['2', other],
  ] as const) {
    const layer = display.layer(digest);
    layer.preparing();
    layer.pushing(1, 2);
    layer.done();
    display.pushed(tag, digest, 7);
  }
  vi.advanceTimersByTime(1000);
  display.close();
  const escapes = /\p{Cc}\[\??\d*[A-Za-z]|\r/gu;
  return chunks.join('').replace(escapes, '').trimEnd().split('\n');
}

it('says what was pushed below its layers, and above those of the next tag', () => {
  expect(shown(true)).toEqual([
    'The push refers to repository [host/app]',
    `${short(one)}: Pushed`,
    `1: digest: ${one} size: 7`,
    `${short(other)}: Pushed`,
    `2: digest: ${other} size: 7`,
  ]);
});

it('prints each change of state once when it is not a terminal', () => {
  expect(shown(false)).toEqual([
    'The push refers to repository [host/app]',
    `${short(one)}: Preparing`,
    `${short(one)}: Pushed`,
    `1: digest: ${one} size: 7`,
    `${short(other)}: Preparing`,
    `${short(other)}: Pushed`,
    `2: digest: ${other} size: 7`,
  ]);
});
