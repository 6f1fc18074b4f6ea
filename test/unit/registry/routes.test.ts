import { describe, expect, test } from 'vitest';
import type { RegistryTable } from '../../../src/registry/registries-conf.ts';
import { Routes } from '../../../src/registry/routes.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;

function table(prefix: string, rest: Partial<RegistryTable> = {}): RegistryTable {
  return {
    prefix,
    location: undefined,
    insecure: false,
    blocked: false,
    mirrors: [],
    file: '/r.conf',
    ...rest,
  };
}

function mirror(location: string, rest: Partial<RegistryTable['mirrors'][number]> = {}) {
  return { location, insecure: false, use: 'all' as const, ...rest };
}

function routes(tables: readonly RegistryTable[], hub: readonly string[] = []): Routes {
  return new Routes({ tables, daemon: { mirrors: hub.map((url) => new URL(url)), insecure: [] } });
}

/** The places of `domain/path:tag`, `domain/path@digest`, or of blobs of `domain/path`, as texts. */
function reading(where: Routes, name: string): string[] {
  const [, domain = '', path = '', tag, digest] = /^([^/]+)\/([^:@]+)(?::(.+?))?(?:@(.+))?$/.exec(name) ?? [];
  return where.reading({ domain, path }, digest ?? tag).map(({ repository, tagOrDigest, isMirror }) => {
    const at = repository.base?.href ?? `${repository.domain}/`;
    const what = tagOrDigest === undefined ? '' : `${tagOrDigest.includes(':') ? '@' : ':'}${tagOrDigest}`;
    return `${at}${repository.path}${what}${repository.insecure ? ' insecure' : ''}${isMirror ? ' mirror' : ''}`;
  });
}

describe('an image is read', () => {
  test.each([
    ['r.example/app:1', [], ['r.example/app:1']],
    ['r.example/app:1', [table('other.example')], ['r.example/app:1']],
    ['r.example/app:1', [table('r.example', { insecure: true })], ['r.example/app:1 insecure']],
    ['r.example/app:1', [table('r.example', { location: 'in.example' })], ['in.example/app:1']],
    [
      `r.example/app@${DIGEST}`,
      [table('r.example', { location: 'in.example/x' })],
      [`in.example/x/app@${DIGEST}`],
    ],
    ['r.example/team/app', [table('r.example/team', { location: 'in.example/x' })], ['in.example/x/app']],
    ['r.example/team/app:1', [table('r.example/team/app', { location: 'in.example/y' })], ['in.example/y:1']],
    ['r.example/app:1', [table('r.example/app:1', { location: 'in.example/y:2' })], ['in.example/y:2']],
    ['r.example:5000/app:1', [table('r.example:5000', { location: 'localhost:7' })], ['localhost:7/app:1']],
    [
      'docker.io/library/busybox:latest',
      [table('docker.io', { mirrors: [mirror('m1.example/hub'), mirror('m2.example', { insecure: true })] })],
      [
        'm1.example/hub/library/busybox:latest mirror',
        'm2.example/library/busybox:latest insecure mirror',
        'docker.io/library/busybox:latest',
      ],
    ],
    [
      'a.b.example.com/x/app:1',
      [table('*.example.com', { insecure: true, mirrors: [mirror('m.example/c')] })],
      ['m.example/c/x/app:1 mirror', 'a.b.example.com/x/app:1 insecure'],
    ],
    ['a.example.com/app:1', [table('*.example.com', { location: 'in.example/x' })], ['in.example/x/app:1']],
  ])('%s with %o from %o', (name, tables, expected) => {
    expect(reading(routes(tables), name)).toEqual(expected);
  });

  test.each([
    ['r.example/app', 'r.example/application:1'],
    ['r.example', 'r.example.org/app:1'],
    ['r.example', 'r.example:5000/app:1'],
    ['r.example/app:1', 'r.example/app:12'],
    ['*.example.com', 'example.com/app:1'],
    ['*.example.com', 'a.example.com:5000/app:1'],
    ['*.example.com', '.example.com/app:1'],
    ['*.example.com', 'badexample.com/app:1'],
    ['*.example.com', 'other.org/a.example.com/app:1'],
    ['docker.io/busybox', 'docker.io/library/busybox:1'],
  ])('by no table whose prefix %s only resembles %s', (prefix, name) => {
    expect(reading(routes([table(prefix, { location: 'in.example/x' })]), name)).toEqual([name]);
  });

  test('by the table with the longest prefix, wherever it stands', () => {
    const tables = [
      table('r.example', { location: 'short.example' }),
      table('r.example/team/app', { location: 'long.example/app' }),
      table('r.example/team', { location: 'middle.example' }),
      table('*.example', { location: 'wild.example' }),
    ];
    for (const order of [tables, tables.toReversed()]) {
      expect(reading(routes(order), 'r.example/team/app:1')).toEqual(['long.example/app:1']);
      expect(reading(routes(order), 'r.example/team/b:1')).toEqual(['middle.example/b:1']);
      expect(reading(routes(order), 'r.example/b:1')).toEqual(['short.example/b:1']);
      expect(reading(routes(order), 'q.example/b:1')).toEqual(['wild.example/b:1']);
    }
  });

  test('from mirrors that are meant for what names it', () => {
    const mirrors = [
      mirror('tags.example', { use: 'tag-only' }),
      mirror('digests.example', { use: 'digest-only' }),
      mirror('all.example'),
    ];
    const where = routes([table('r.example', { mirrors })]);
    const at = (name: string): string[] => reading(where, name).map((place) => place.split('/', 1)[0] ?? '');
    expect(at('r.example/app:1')).toEqual(['tags.example', 'all.example', 'r.example']);
    expect(at(`r.example/app@${DIGEST}`)).toEqual(['digests.example', 'all.example', 'r.example']);
    // Blobs.
    expect(at('r.example/app')).toEqual(['digests.example', 'all.example', 'r.example']);
  });

  test("of docker.io from Docker's mirrors, after those of registries.conf, and no other image from there", () => {
    const hub = ['http://m1.example:5000/', 'https://m2.example/cache/'];
    const mirrors = [
      'http://m1.example:5000/library/x:1 mirror',
      'https://m2.example/cache/library/x:1 mirror',
    ];
    expect(reading(routes([], hub), 'docker.io/library/x:1')).toEqual([...mirrors, 'docker.io/library/x:1']);
    const tables = [table('docker.io', { mirrors: [mirror('first.example')] })];
    expect(reading(routes(tables, hub), 'docker.io/library/x:1')).toEqual([
      'first.example/library/x:1 mirror',
      ...mirrors,
      'docker.io/library/x:1',
    ]);
    expect(reading(routes([], hub), 'r.example/x:1')).toEqual(['r.example/x:1']);
  });

  test('not at all where a location leads to no repository', () => {
    const where = routes([table('r.example/app', { location: 'in.example' })]);
    expect(() => reading(where, 'r.example/app:1')).toThrow('location "in.example" leads to no repository');
  });
});

describe('what is blocked', () => {
  const where = routes([table('r.example/bad', { blocked: true, mirrors: [mirror('m.example')] })]);
  const denied = expect.objectContaining({
    kind: 'denied',
    hint: expect.stringContaining('"r.example/bad"'),
  });

  test('is neither read nor written, and the file that says so is named', () => {
    expect(() => reading(where, 'r.example/bad/app:1')).toThrow(denied);
    expect(() => reading(where, 'r.example/bad/app:1')).toThrow('r.example/bad/app:1 is blocked by /r.conf');
    expect(() => where.writing({ domain: 'r.example', path: 'bad/app' })).toThrow(denied);
  });

  test('leaves the rest of its registry alone', () => {
    expect(reading(where, 'r.example/good:1')).toEqual(['r.example/good:1']);
    expect(where.writing({ domain: 'r.example', path: '' })).toEqual({ domain: 'r.example', path: '' });
  });

  test.each(['r.example', '*.example'])('as the host %s is so at each of its ports', (prefix) => {
    const host = routes([table(prefix, { blocked: true }), table('r.example:7')]);
    expect(() => reading(host, 'r.example:5000/app:1')).toThrow('is blocked by /r.conf');
    expect(() => host.writing({ domain: 'r.example:5000', path: '' })).toThrow('is blocked by /r.conf');
    expect(reading(host, 'r.example:7/app:1')).toEqual(['r.example:7/app:1']);
    expect(reading(host, 'r.example.org/app:1')).toEqual(['r.example.org/app:1']);
  });

  test('may have a part that is not', () => {
    const open = routes([table('r.example', { blocked: true }), table('r.example/ours')]);
    expect(reading(open, 'r.example/ours/app:1')).toEqual(['r.example/ours/app:1']);
    expect(() => open.writing({ domain: 'r.example', path: '' })).toThrow('r.example is blocked by');
  });
});

test('what is written goes where its name says, with neither mirrors nor another place', () => {
  const where = routes(
    [table('r.example', { location: 'in.example', insecure: true, mirrors: [mirror('m.example')] })],
    ['https://m.example/'],
  );
  expect(where.writing({ domain: 'r.example', path: 'app' })).toEqual({
    domain: 'r.example',
    path: 'app',
    insecure: true,
  });
  expect(where.writing({ domain: 'docker.io', path: 'me/app' })).toEqual({
    domain: 'docker.io',
    path: 'me/app',
  });
});
