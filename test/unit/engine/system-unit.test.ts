import { describe, expect, it } from 'vitest';
import type { Context } from '../../../src/engine/context.ts';
import { systemdUnit } from '../../../src/engine/system-unit.ts';
import { storePaths } from '../../../src/host/paths.ts';

function unit(root: string, self: string[]): string {
  return systemdUnit({ paths: storePaths(root), self } as unknown as Context);
}

describe('the unit for systemd', () => {
  it('starts what has to run and stops everything, with this very program', () => {
    const text = unit('', ['/usr/bin/skiff']);
    expect(text).toContain('\nExecStart=/usr/bin/skiff system start-all\n');
    expect(text).toContain('\nExecStop=/usr/bin/skiff system stop-all\n');
    expect(text).toContain('\nRequiresMountsFor=/var/lib/skiff\n');
  });

  it('names a store that is not the default one, so that systemd reads it as it is', () => {
    expect(unit('/srv/my 100% "store"', ['/usr/bin/skiff'])).toContain(
      '\nExecStart=/usr/bin/skiff --root "/srv/my 100%% \\"store\\"" system start-all\n',
    );
  });
});
