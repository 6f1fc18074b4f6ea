import { describe, expect, it } from 'vitest';
import { checkLocalOptions, localMount } from '../../../src/volume/local-driver.ts';

describe('options of the driver local', () => {
  // The answers of Docker 20.10.
  it.each([
    [{ foo: 'bar' }, 'invalid', 'invalid option: "foo"'],
    [{ type: 'tmpfs' }, 'invalid', 'missing required option: "device"'],
    [{ device: '/x' }, 'invalid', 'missing required option: "type"'],
    [{ o: 'bind' }, 'invalid', 'missing required option: "device"'],
    [{ type: '' }, 'invalid', 'missing required option: "device"'],
    [{ size: '1m' }, 'unsupported', 'quota size requested but no quota support'],
  ])('refuse %j', (options, kind, message) => {
    expect(() => checkLocalOptions(options)).toThrow(expect.objectContaining({ kind, message }));
  });

  it.each([{}, { type: 'none', device: '/srv', o: 'bind' }, { type: 'tmpfs', device: 'tmpfs' }])(
    'may be %j',
    (options) => {
      expect(() => checkLocalOptions(options)).not.toThrow();
    },
  );
});

describe('what is mounted for a volume', () => {
  const mounted = (type: string, device: string, o?: string) =>
    localMount({ type, device, ...(o === undefined ? {} : { o }) });

  it('is nothing without options', () => {
    expect(localMount({})).toBeUndefined();
  });

  it.each([
    ['bind', { recursive: false, flags: [] }],
    ['rbind,ro,private', { recursive: true, flags: ['ro'] }],
    ['bind,rw,nosuid,noexec,nodev', { recursive: false, flags: ['nosuid', 'noexec', 'nodev'] }],
  ])('is a path of the host with o=%s', (o, expected) => {
    expect(mounted('none', '/srv/www', o)).toEqual({ kind: 'bind', source: '/srv/www', ...expected });
  });

  it.each([
    ['tmpfs', 'tmpfs', undefined, [], []],
    ['tmpfs', 'tmpfs', 'size=100m,uid=1000,nosuid', ['nosuid'], ['size=100m', 'uid=1000']],
    ['nfs', '10.0.0.5:/export', 'nfsvers=4,soft', [], ['nfsvers=4', 'soft', 'addr=10.0.0.5']],
    ['nfs4', '[fd00::5]:/export', 'ro', ['ro'], ['addr=fd00::5']],
    ['nfs', ':/export', 'addr=server,rw', [], ['addr=server']],
    ['cifs', '//server/share', 'username=me', [], ['username=me', 'ip=server']],
    ['cifs', '//server/share', 'addr=10.0.0.5', [], ['addr=10.0.0.5']],
    ['ext4', '/dev/sdb1', 'defaults,noatime', ['noatime'], []],
  ])('is a file system %s of %s with o=%s', (type, device, o, flags, data) => {
    expect(mounted(type, device, o)).toEqual({ kind: 'file-system', type, device, flags, data });
  });

  it.each([
    ['srv', 'bind', 'the device srv of a bind is not an absolute path'],
    ['/srv', 'bind,size=1m', 'the mount option "size=1m" means nothing for a bind'],
    ['/srv', 'bind,shared', 'the mount option "shared" means nothing for a bind'],
  ])('cannot be %s with o=%s', (device, o, message) => {
    expect(() => mounted('none', device, o)).toThrow(expect.objectContaining({ kind: 'invalid', message }));
  });
});
