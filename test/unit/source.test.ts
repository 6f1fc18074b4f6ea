import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import { COMMANDS, GROUPS } from '../../src/cli/command-table.ts';

const SOURCE = resolve(import.meta.dirname, '../../src');

const files = readdirSync(SOURCE, { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.ts'))
  .map((path) => ({ path, text: readFileSync(join(SOURCE, path), 'utf8') }));

describe('the environment', () => {
  /** Who has another reason to look at it than that skiff is told something by it. */
  const OTHERS = [
    // What a terminal can and its user likes: TERM, NO_COLOR.
    'cli/text/terminal.ts',
    // Hands git what of it is not about another repository or somebody's keys.
    'engine/build/git.ts',
    // Hands all of it to programs that are started.
    'host/bun-processes.ts',
    // Hands all of it to the program that takes the place of this one.
    'host/replace-process.ts',
    // Hides from Bun's fetch what has been heeded already.
    'registry/transport.ts',
  ];

  it('is read in one file', () => {
    const readers = files.filter(({ text }) =>
      /\bprocess\s*\.\s*env\b|\benv\b[^;]*\} = process\b/.test(text),
    );
    expect(readers.map(({ path }) => path).sort()).toEqual(['cli/command/settings.ts', ...OTHERS]);
  });

  it('is read by no option of commander, which would be a second place', () => {
    expect(files.filter(({ text }) => /\.env\(/.test(text)).map(({ path }) => path)).toEqual([]);
  });

  it('is not what a name that hides the process means', () => {
    const hides =
      /\b(const|let) (process\b|\{[^{}]*\bprocess\s*[,}])|\{[^{}]*\bprocess\s*(,[^{}]*)?\}: [A-Z]|\bprocess: [A-Z]\w*,/;
    expect(files.filter(({ text }) => hides.test(text)).map(({ path }) => path)).toEqual([]);
  });
});

describe('what faces say on standard error', () => {
  /** What a container prints is its own affair; what is asked of a terminal is skiff's own. */
  const RAW = ['cli/command/ask.ts', 'cli/output/log-lines.ts', 'cli/output/print.ts', 'cli/output/tell.ts'];

  it('is an error that was rendered or told by `tell`, so that names and words of others command no terminal', () => {
    const said = files
      .filter(({ path }) => path.startsWith('cli/') && !RAW.includes(path))
      .flatMap(({ path, text }) =>
        [...text.matchAll(/\bprintError\([`'"].*/g)].map(([call]) => `${path}: ${call}`),
      );
    expect(said).toEqual([]);
  });
});

describe('what is said below the faces', () => {
  /** Arguments of programs, where a word that begins with -- is one. */
  const COMMAND_LINES = [
    'engine/build/git.ts',
    'engine/doctor/trial.ts',
    'engine/logs/journald.ts',
    'engine/prepare/apparmor.ts',
    'engine/store/context.ts',
    // Flags of instructions, a language of its own.
    ...files.map(({ path }) => path).filter((path) => path.startsWith('build/')),
    'engine/build/run.ts',
    'storage/layer/apply-process.ts',
  ];

  it('names things, and options of the command line only in hints', () => {
    const said = files
      .filter(({ path }) => !/^(cli|grammar)\//.test(path) && !COMMAND_LINES.includes(path))
      .flatMap(({ path, text }) =>
        literalsOf(text)
          .filter(
            ({ value, names }) => /--[a-z]/.test(value) && !names.some((name) => /hint|remedy/i.test(name)),
          )
          .map(({ value, line }) => `${path}:${line}: ${value}`),
      );
    expect(said).toEqual([]);
  });

  /** What other programs are told, or who looks at this host from the command line. */
  const WITH_COMMANDS =
    /^(cli|api|engine\/(doctor|check))\/|^grammar\/(image-form|listen-address)\.ts|^host\/database\.ts/;

  it("names commands of skiff's only in remedies: other clients have theirs", () => {
    const names = [...COMMANDS, ...GROUPS].map(({ name }) => name).join('|');
    const command = new RegExp(`\\bskiff (?:${names})\\b`);
    const said = files
      .filter(({ path }) => !WITH_COMMANDS.test(path))
      .flatMap(({ path, text }) =>
        literalsOf(text)
          .filter(({ value, names }) => command.test(value) && !names.some((name) => /remedy/i.test(name)))
          .map(({ value, line }) => `${path}:${line}: ${value}`),
      );
    expect(said).toEqual([]);
  });

  it('is found by this test', () => {
    const text = [
      "// '--comment'",
      'const HINT_OF_ALL = "--one";',
      "/* '--comment' */ fail(`a \x24{b({ hint: '--two' })} and --three`, {",
      "  pattern: /'--x/, hint: a ? '--four' : `--five \x24{c}`,",
      "  other: '--six' });",
      "function someHint() { return f('--seven'); }",
      "const after = { hint: 1, message: ['it\\'s --eight'] };",
    ].join('\n');
    const found = literalsOf(text).filter(({ value }) => value.includes('--'));
    expect(
      found.filter(({ names }) => !names.some((name) => /hint/i.test(name))).map(({ value }) => value),
    ).toEqual([' and --three', '--six', "it\\'s --eight"]);
    expect(found).toHaveLength(8);
    expect(found.map(({ line }) => line)).toEqual([2, 3, 3, 4, 4, 5, 6, 7]);
  });
});

interface Literal {
  value: string;
  line: number;
  /** What it is part of, innermost last: properties and declarations. */
  names: string[];
}

const TOKEN =
  /(?<comment>\/\/.*|\/\*[\s\S]*?\*\/)|'(?<single>(?:\\.|[^'\\])*)'|"(?<double>(?:\\.|[^"\\])*)"|(?<regex>(?<=[=(,:[!&|?{};\n]\s*|\breturn\s)\/(?![*/])(?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\\n])+\/\w*)|(?<declared>\b(?:const|let|function)\s+[\w$]+|[\w$]+\??(?=\s*:))|(?<mark>[`{}()[\],;])|[\w$]+|\s+|[\s\S]/gy;

/** The texts of string and template literals; those of a template are one for each part between its expressions. */
function literalsOf(text: string): Literal[] {
  const found: Literal[] = [];
  // What is open: a bracket, or a template (`), with the name of what is being said there.
  const open: { mark: string; name: string }[] = [{ mark: '', name: '' }];
  const top = () => open.at(-1) as { mark: string; name: string };
  const note = (value: string, at: number) => {
    const line = text.slice(0, at).split('\n').length;
    found.push({ value, line, names: open.map(({ name }) => name) });
  };
  let at = 0;
  while (at < text.length) {
    if (top().mark === '`') {
      const [part = ''] = /^(?:\\[\s\S]|\$(?!\{)|[^`\\$])*/.exec(text.slice(at)) ?? [];
      if (part !== '') note(part, at);
      at += part.length;
      if (text[at] === '`') open.pop();
      else open.push({ mark: '{', name: '' });
      at += text[at] === '`' ? 1 : 2;
      continue;
    }
    TOKEN.lastIndex = at;
    const { groups = {}, 0: token } = TOKEN.exec(text) as RegExpExecArray;
    const { single, double, declared, mark } = groups;
    if (single !== undefined || double !== undefined) note(single ?? double ?? '', at);
    else if (declared !== undefined) top().name = declared.replace(/^(const|let|function)\s+/, '');
    else if (mark !== undefined && '`{(['.includes(mark)) open.push({ mark, name: '' });
    else if (mark !== undefined && '})]'.includes(mark)) {
      open.pop();
      // A block that ends ends what it is of.
      if (mark === '}' && open.length === 1) top().name = '';
    } else if (mark !== undefined) top().name = '';
    at += token.length;
  }
  return found;
}
