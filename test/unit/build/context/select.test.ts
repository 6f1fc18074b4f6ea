import { describe, expect, it } from 'vitest';
import { parseIgnore } from '../../../../src/build/context/ignore.ts';
import {
  type Listed,
  plainSources,
  type SelectRequest,
  selectSources,
} from '../../../../src/build/context/select.ts';

/** `a/b` is a file, `a/` an empty directory, `a -> b` a link. */
const TREE = [
  'Dockerfile',
  'a.txt',
  'b.txt',
  'c.md',
  'empty/',
  'src/main.c',
  'src/lib/x.c',
  'src/lib/x.o',
  'src/lib/deep/y.txt',
  'src/main.txt',
  'node_modules/big/1',
  'node_modules/keep/2',
  'link -> src/lib',
  'file-link -> /src/main.c',
  'out -> ../../../a.txt',
  'nowhere -> gone',
  'loop -> loop',
  'src/link -> lib',
  'src/a*b',
  'ä.txt',
];

/** The bytes of ä. */
const AE = '\u00c3\u00a4';

function listing(lines: readonly string[]): {
  list: (path: string) => Promise<Listed[] | undefined>;
  asked: string[];
} {
  const directories = new Map<string, Map<string, Listed>>([['', new Map()]]);
  for (const line of lines) {
    const [path = '', target] = line.split(' -> ');
    const parts = Buffer.from(path).toString('latin1').split('/');
    for (const [index, name] of parts.entries()) {
      if (name === '') continue;
      const above = parts.slice(0, index).join('/');
      const isLast = index === parts.length - 1;
      const kind = isLast ? (target === undefined ? 'other' : 'link') : 'directory';
      directories.get(above)?.set(name, { name, kind, target });
      if (kind === 'directory' && !directories.has(parts.slice(0, index + 1).join('/')))
        directories.set(parts.slice(0, index + 1).join('/'), new Map());
    }
  }
  const asked: string[] = [];
  return {
    asked,
    list: async (path) => {
      asked.push(path);
      const found = directories.get(path);
      return found && [...found.values()];
    },
  };
}

async function select(
  sources: string[],
  { ignore, ...request }: Partial<Omit<SelectRequest, 'ignore'>> & { ignore?: string } = {},
): Promise<string[]> {
  const { list } = listing(TREE);
  const rules = ignore === undefined ? undefined : parseIgnore(ignore, '.dockerignore');
  const defaults = { exclude: [], parents: false, ifExists: false, name: 'the build context' };
  const found = await selectSources(list, { ...defaults, ...request, sources, ignore: rules });
  return found.map(
    ({ path, name, isDirectory, only }) =>
      `${path}${isDirectory ? '/' : ''}${only === undefined ? '' : ` [${only.join(' ')}]`} as ${name}`,
  );
}

describe('selectSources', () => {
  it.each<[string, string[]]>([
    ['a.txt', ['a.txt as a.txt']],
    ['/a.txt', ['a.txt as a.txt']],
    ['./src/../a.txt/', ['a.txt as a.txt']],
    ['../../a.txt', ['a.txt as a.txt']],
    ['.', ['/ as ']],
    ['src', ['src/ as src']],
    ['src/lib/', ['src/lib/ as lib']],
    // Links are followed, within the source.
    ['link', ['src/lib/ as link']],
    ['link/x.c', ['src/lib/x.c as x.c']],
    ['file-link', ['src/main.c as file-link']],
    ['out', ['a.txt as out']],
    ['src/link/../main.c', ['src/main.c as main.c']],
    // Wildcards.
    ['*.txt', ['a.txt as a.txt', 'b.txt as b.txt', `${AE}.txt as ${AE}.txt`]],
    ['?.txt', ['a.txt as a.txt', 'b.txt as b.txt', `${AE}.txt as ${AE}.txt`]],
    ['*/*.c', ['src/main.c as main.c']],
    ['link/*.c', ['src/lib/x.c as x.c']],
    ['src/l*', ['src/lib/ as lib', 'src/lib/ as link']],
    ['src/a\\*b', ['src/a*b as a*b']],
    ['src/[^l]*', ['src/a*b as a*b', 'src/main.c as main.c', 'src/main.txt as main.txt']],
    ['f*k', ['src/main.c as file-link']],
  ])('takes %s', async (source, selected) => {
    expect(await select([source])).toEqual(selected);
  });

  it.each(['gone', 'gone/x', 'a.txt/x', 'nowhere', 'loop', '*.gone', 'src/*/*/*/*'])(
    'says that %s is not there',
    async (source) => {
      await expect(select(['a.txt', source])).rejects.toThrow(`"${source}" is not in the build context`);
      expect(await select(['a.txt', source], { ifExists: true })).toEqual(['a.txt as a.txt']);
    },
  );

  it.each<[string, string, string[]]>([
    ['*.txt', 'a.txt', ['b.txt as b.txt', `${AE}.txt as ${AE}.txt`]],
    ['src', '**/*.o\n**/*.txt', ['src/ [a*b lib lib/deep lib/x.c link main.c] as src']],
    ['src', 'src\n!src/lib/deep', ['src/ [lib lib/deep lib/deep/y.txt] as src']],
    ['.', '*\n!node_modules/keep', ['/ [node_modules node_modules/keep node_modules/keep/2] as ']],
    ['node_modules', 'node_modules\n!node_modules/keep', ['node_modules/ [keep keep/2] as node_modules']],
    ['n*', 'node_modules\n!node_modules/keep', ['node_modules/ [keep keep/2] as node_modules']],
    ['link/deep', 'link', ['src/lib/deep/ [y.txt] as deep']],
  ])('takes of %s what is left by %j', async (source, ignore, selected) => {
    expect(await select([source], { ignore })).toEqual(selected);
  });

  it('says that the ignore file is why something is not there', async () => {
    const refused = select(['src/lib/x.c'], { ignore: 'src/lib' });
    await expect(refused).rejects.toMatchObject({
      message: '"src/lib/x.c" is not in the build context',
      hint: 'it is there, but .dockerignore leaves it out',
    });
    await expect(select(['link/x.c'], { ignore: 'src/lib' })).rejects.toMatchObject({ kind: 'notFound' });
    await expect(select(['gone'], { ignore: 'gone' })).rejects.toMatchObject({ hint: undefined });
  });

  it.each<[string, string[], string[]]>([
    ['src', ['lib/*.o', '*.txt'], ['src/ [a*b lib lib/deep lib/deep/y.txt lib/x.c link main.c] as src']],
    ['src', ['**/*.txt', 'lib'], ['src/ [a*b link main.c] as src']],
    ['*.txt', ['a*'], ['b.txt as b.txt', `${AE}.txt as ${AE}.txt`]],
    ['src', ['/main*', '*b', 'l*', '!lib/deep'], ['src/ [lib lib/deep lib/deep/y.txt] as src']],
  ])('takes of %s what --exclude=%j leaves', async (source, exclude, selected) => {
    expect(await select([source], { exclude })).toEqual(selected);
  });

  it.each<[string, string[]]>([
    ['./src/lib/x.c', ['/ [src src/lib src/lib/x.c] as ']],
    ['src/lib', ['/ [src src/lib src/lib/deep src/lib/deep/y.txt src/lib/x.c src/lib/x.o] as ']],
    ['src/./lib/*.c', ['src/ [lib lib/x.c] as ']],
    ['/src/./lib/deep', ['src/ [lib lib/deep lib/deep/y.txt] as ']],
    ['src/**/*.txt', ['/ [src src/lib src/lib/deep src/lib/deep/y.txt src/main.txt] as ']],
    ['**/*.c', ['/ [src src/lib src/lib/x.c src/main.c] as ']],
    ['link/./x.c', ['src/lib/ [x.c] as ']],
    // A link that a pattern names stays one.
    ['src/link', ['/ [src src/link] as ']],
    ['a.txt', ['/ [a.txt] as ']],
  ])('keeps the parents of %s', async (source, selected) => {
    expect(await select([source], { parents: true })).toEqual(selected);
  });

  it('knows excludes and the ignore file where parents are kept', async () => {
    expect(await select(['src'], { parents: true, exclude: ['src/lib'], ignore: '**/*.txt' })).toEqual([
      '/ [src src/a*b src/link src/main.c] as ',
    ]);
    await expect(select(['src/gone'], { parents: true })).rejects.toThrow('"src/gone" is not in');
  });

  it('looks into no directory that cannot matter', async () => {
    const { list, asked } = listing(TREE);
    const ignore = parseIgnore('node_modules', '.dockerignore');
    const request = { exclude: [], ifExists: false, name: 'x', ignore };
    await selectSources(list, { ...request, sources: ['a.txt', 'src/*.c'], parents: false });
    await selectSources(list, { ...request, sources: ['src/*.c'], parents: true });
    expect(new Set(asked)).toEqual(new Set(['', 'src']));
    asked.length = 0;
    await selectSources(list, { ...request, sources: ['.'], parents: false });
    expect(asked.some((path) => path.startsWith('node_modules'))).toBe(false);
  });
});

describe('plainSources', () => {
  const plain = (
    sources: string[],
    { ignore, ...more }: Partial<Omit<SelectRequest, 'ignore'>> & { ignore?: string } = {},
  ) =>
    plainSources({
      ...{ exclude: [], parents: false, ifExists: false, name: '', ...more },
      sources,
      ignore: ignore === undefined ? undefined : parseIgnore(ignore, ''),
    });

  it('takes paths as they are when nothing around them matters', () => {
    expect(plain(['./a/../b/', '/', 'ä\\*'])).toEqual([
      { path: 'b', name: 'b', isFile: false },
      { path: '', name: '', isFile: false },
      { path: `${AE}*`, name: `${AE}*`, isFile: false },
    ]);
    expect(plain(['a/b'], { ignore: 'c' })).toEqual([{ path: 'a/b', name: 'b', isFile: true }]);
    expect(plain(['a/b'], { ignore: '# nothing' })).toEqual([{ path: 'a/b', name: 'b', isFile: false }]);
  });

  it('leaves the others to whoever looks', () => {
    expect(plain(['a', 'b*'])).toBeUndefined();
    expect(plain(['a'], { parents: true })).toBeUndefined();
    expect(plain(['a'], { exclude: ['b'] })).toBeUndefined();
    expect(plain(['a/b'], { ignore: 'a' })).toBeUndefined();
  });
});
