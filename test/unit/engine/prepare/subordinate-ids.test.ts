import { describe, expect, it } from 'vitest';
import { parseSubordinateIds, subordinateIds } from '../../../../src/engine/prepare/subordinate-ids.ts';

const files = (uids: string, gids: string) => (file: string) => (file.endsWith('uid') ? uids : gids);

describe('the subordinate ids', () => {
  it('are those of skiff, else of containers, dockremap or root, whoever has both kinds', () => {
    const both = 'root:1:10\ncontainers:100000:20\n';
    expect(subordinateIds(files(both, both)).uids).toEqual([{ start: 100_000, count: 20 }]);
    expect(subordinateIds(files(`${both}skiff:7:8`, both)).uids).toEqual([{ start: 100_000, count: 20 }]);
    expect(subordinateIds(files(`${both}skiff:7:8`, 'skiff:9:8')).gids).toEqual([{ start: 9, count: 8 }]);
  });

  it('may be in several lines; what is no such line is passed over', () => {
    const text = '# comment\n\nskiff:1:2\nother:5:6\nskiff:10:20  \nskiff:x:y\nskiff:1\n';
    expect(parseSubordinateIds(text).get('skiff')).toEqual([
      { start: 1, count: 2 },
      { start: 10, count: 20 },
    ]);
  });

  it('that nobody has are proposed where nobody has any', () => {
    const failure = (() => {
      try {
        subordinateIds(files('user:100000:65536\n', 'user:200000:65536\n'));
      } catch (error) {
        return error as { kind: string; hint: string };
      }
      return undefined;
    })();
    expect(failure).toMatchObject({ kind: 'unsupported' });
    const start = Number(/echo skiff:(\d+):1048576/.exec(failure?.hint ?? '')?.[1]);
    expect(start).toBeGreaterThanOrEqual(265_536);
    expect(failure?.hint).toContain('tee -a /etc/subuid /etc/subgid');
  });
});
