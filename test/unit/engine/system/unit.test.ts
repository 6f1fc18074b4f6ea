import { describe, expect, it } from 'vitest';
import { Context } from '../../../../src/engine/store/context.ts';
import { apiUnits, systemdUnit } from '../../../../src/engine/system/unit.ts';

function unit(root: string, self: string[]): string {
  return systemdUnit(new Context({ root, self }));
}

describe('the unit for systemd', () => {
  it('starts what has to run and stops everything, with this very program', () => {
    const text = unit('', ['/usr/bin/skiff']);
    expect(text).toContain('\nExecStart=/usr/bin/skiff --root /var/lib/skiff system start-all\n');
    expect(text).toContain('\nExecStop=/usr/bin/skiff --root /var/lib/skiff system stop-all\n');
    expect(text).toContain('\nRequiresMountsFor=/var/lib/skiff\n');
  });

  it('names a store that is not the default one, so that systemd reads it as it is', () => {
    expect(unit('/srv/my 100% "store"', ['/usr/bin/skiff'])).toContain(
      '\nExecStart=/usr/bin/skiff --root "/srv/my 100%% \\"store\\"" system start-all\n',
    );
  });

  it('doubles the dollar in arguments only, where it would name a variable', () => {
    const text = unit('/srv/$HOME', ['/opt/$a b/skiff', '/opt/$c.ts']);
    expect(text).toContain('\nExecStart="/opt/$a b/skiff" /opt/$$c.ts --root /srv/$$HOME system start-all\n');
    expect(text).toContain('\nRequiresMountsFor=/srv/$HOME\n');
  });

  it('is refused for a path with a line break, which no unit can name', () => {
    expect(() => unit('/srv/a\nExecStart=b', ['/usr/bin/skiff'])).toThrow('control characters');
  });
});

describe('the units for systemd that answer clients', () => {
  const context = new Context({ root: '/srv/$x', self: ['/usr/bin/skiff'] });

  it('are a socket for root and a group, and a service that leaves containers alone when it goes', () => {
    const { socket, service } = apiUnits(context, '/run/skiff/docker.sock', 'docker');
    expect(socket).toContain('\nListenStream=/run/skiff/docker.sock\nSocketMode=0660\nSocketGroup=docker\n');
    expect(service).toContain(
      '\nExecStart=/usr/bin/skiff --root /srv/$$x system service\nKillMode=process\n',
    );
  });

  it('name no group where there is none, as systemd would refuse the socket', () => {
    expect(apiUnits(context, '/run/skiff/docker.sock', undefined).socket).not.toContain('SocketGroup');
  });
});
