import { describe, expect, test } from 'vitest';
import { parseRegistriesConf } from '../../../src/registry/registries-conf.ts';

const FILE = '/etc/containers/registries.conf';
const PLAIN = { location: undefined, insecure: false, blocked: false, mirrors: [], file: FILE };

describe('a file of registries.conf', () => {
  test('may have no table, and what skiff does not use', async () => {
    const text = `
      unqualified-search-registries = ["example.com"]
      short-name-mode = "enforcing"
      credential-helpers = ["containers-auth.json"]
      [aliases]
      "busybox" = "docker.io/library/busybox"`;
    expect(await parseRegistriesConf(text, FILE)).toEqual([]);
    expect(await parseRegistriesConf('# nothing', FILE)).toEqual([]);
  });

  test.each([
    ['a location alone, which is the prefix', 'location = "r.example:5000"', { prefix: 'r.example:5000' }],
    [
      'a prefix alone',
      'prefix = "r.example/team"\nblocked = true',
      { prefix: 'r.example/team', blocked: true },
    ],
    [
      'another place',
      'prefix = "r.example/team/"\nlocation = "inside.example/x/"\ninsecure = true',
      { prefix: 'r.example/team', location: 'inside.example/x', insecure: true },
    ],
    ['all hosts of a domain', 'prefix = "*.example.com"', { prefix: '*.example.com' }],
  ])('has %s', async (_, text, expected) => {
    expect(await parseRegistriesConf(`[[registry]]\n${text}`, FILE)).toEqual([{ ...PLAIN, ...expected }]);
  });

  test.each([
    ['', '', 'all'],
    ['', 'pull-from-mirror = ""', 'all'],
    ['', 'pull-from-mirror = "all"', 'all'],
    ['', 'pull-from-mirror = "digest-only"', 'digest-only'],
    ['', 'pull-from-mirror = "tag-only"', 'tag-only'],
    ['mirror-by-digest-only = true', '', 'digest-only'],
    ['mirror-by-digest-only = false', 'pull-from-mirror = "tag-only"', 'tag-only'],
  ])('has mirrors in their order: with "%s" and "%s" for %s', async (table, mirror, use) => {
    const text = `
      [[registry]]
      prefix = "r.example"
      ${table}
      [[registry.mirror]]
      location = "m1.example/cache"
      ${mirror}
      [[registry.mirror]]
      location = "m2.example:5000"
      insecure = true`;
    const [found] = await parseRegistriesConf(text, FILE);
    expect(found?.mirrors).toEqual([
      { location: 'm1.example/cache', insecure: false, use },
      { location: 'm2.example:5000', insecure: true, use: table.includes('true') ? 'digest-only' : 'all' },
    ]);
  });

  test.each([
    ['no TOML', '[[registry]\nlocation =', 'is not in the form of TOML: line 1'],
    ['version 1', "[registries.block]\nregistries = ['r.example']", 'is in version 1 of its format'],
    ['an empty version 1', '[registries.search]\nregistries = []', 'is in version 1 of its format'],
    ['a table without a name', '[[registry]]\nblocked = true', 'has neither prefix nor location'],
    ['a single table', '[registry]\nlocation = "r.example"', 'registry is no list of tables'],
    ['a list of other things', 'registry = [1]', 'registry is no list of tables'],
    ['a scheme', '[[registry]]\nlocation = "https://r.example"', 'has a scheme'],
    ['nothing but slashes', '[[registry]]\nlocation = "//"', 'is no host or namespace'],
    ['a location that is no text', '[[registry]]\nlocation = 5', 'location is no text'],
    ['a flag that is a text', '[[registry]]\nlocation = "r.example"\nblocked = "yes"', 'blocked is neither'],
    ['a wildcard within', '[[registry]]\nprefix = "r.*.example"', 'elsewhere than in *.DOMAIN'],
    ['a wildcard before a path', '[[registry]]\nprefix = "*.r.example/x"', 'elsewhere than in *.DOMAIN'],
    ['a wildcard before a port', '[[registry]]\nprefix = "*.r.example:5000"', 'elsewhere than in *.DOMAIN'],
    ['a wildcard as the location', '[[registry]]\nlocation = "*.r.example"', 'has a wildcard'],
    ['a mirror without a place', '[[registry]]\nlocation = "r"\n[[registry.mirror]]', 'mirror of "r" has no'],
    [
      'single mirror',
      '[[registry]]\nlocation = "r"\n[registry.mirror]\nlocation = "m"',
      '[[registry.mirror]]',
    ],
    [
      'an unknown use',
      '[[registry]]\nlocation = "r"\n[[registry.mirror]]\nlocation = "m"\npull-from-mirror = "never"',
      'is "never"',
    ],
    [
      'two words on the same',
      '[[registry]]\nlocation = "r"\nmirror-by-digest-only = true\n[[registry.mirror]]\nlocation = "m"\npull-from-mirror = "all"',
      'mirror-by-digest-only',
    ],
    [
      'the use of a mirror at the registry',
      '[[registry]]\nlocation = "r"\npull-from-mirror = "all"',
      'belongs into its',
    ],
  ])('is refused with %s', async (_, text, message) => {
    const parsed = parseRegistriesConf(text, FILE);
    await expect(parsed).rejects.toMatchObject({ kind: 'invalid', subject: FILE });
    await expect(parsed).rejects.toThrow(FILE);
    await expect(parsed).rejects.toThrow(message);
  });
});
