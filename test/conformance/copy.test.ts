import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseIgnore } from '../../src/build/context/ignore.ts';
import { type CopyRequest, copySources, digestSources, resolveOwner } from '../../src/engine/build/copy.ts';
import { layersTree } from '../../src/engine/build/tree.ts';
import { runVerb } from '../../src/storage/archive/run-verb.ts';
import { printable, type TarEntry } from '../../src/storage/tar/entry.ts';
import { TarParser, type TarSink } from '../../src/storage/tar/parser.ts';
import { copyStep } from '../helpers/copy-step.ts';
import { HELPER } from '../helpers/layers.ts';
import { useContext } from '../unit/engine/fixtures.ts';
import { COPY_CASES, type CopyCase, TREE } from './copy-cases.ts';

const room = useContext(HELPER);

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'skiff-copy-'));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

function directory(name: string, script = ''): string {
  const path = join(root, name);
  mkdirSync(path);
  chmodSync(path, 0o755);
  if (script !== '')
    execFileSync('sh', ['-ec', `umask 022; ${script}`], {
      cwd: path,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
  return path;
}

/** Collects an archive as lines. */
class Lines implements TarSink {
  readonly #entries: { entry: TarEntry; content: string }[] = [];

  entry(entry: TarEntry): void {
    this.#entries.push({ entry, content: '' });
  }

  data(bytes: Buffer): void {
    const last = this.#entries.at(-1);
    if (last !== undefined) last.content += bytes.toString('latin1');
  }

  hole(): void {}

  text(): string[] {
    return this.#entries
      .filter(({ entry }) => entry.name !== './')
      .map(({ entry, content }) => lineOf(entry, content.trim()));
  }
}

function lineOf({ type, name, mode, uid, gid, target, major, minor }: TarEntry, content: string): string {
  const path = name.replace(/^\.\/|\/$/g, '');
  const about = `${mode.toString(8)} ${uid}:${gid} ${path}`;
  // Binary ones are told by "*".
  const text = content.length > 40 || printable(content) !== content ? '*' : content;
  switch (type) {
    case 'directory':
      return `d ${about}`;
    case 'symlink':
      return `l ${path} -> ${target}`;
    case 'link':
      return `= ${path} ${target}`;
    case 'fifo':
      return `p ${about}`;
    case 'char':
    case 'block':
      return `${type[0]} ${about} ${major}:${minor}`;
    default:
      return `f ${about} ${text}`;
  }
}

async function treeOf(layers: string[]): Promise<string[]> {
  const lines = new Lines();
  const parser = new TarParser(lines);
  const [only, ...more] = layers;
  const tree = more.length === 0 ? `dir:${only}` : layersTree(layers, directory('looked-at'));
  const words = ['archive', tree, '/', 'as=.'];
  for await (const chunk of runVerb(words, { helper: HELPER })) parser.push(chunk);
  return lines.text();
}

/** Does what the instruction says, and returns the tree of the stage afterwards. */
async function perform({ context = TREE, stage, copy }: CopyCase): Promise<string[]> {
  const files = directory('context', context);
  const lowers = stage === undefined ? [] : [directory('stage', stage)];
  const [upper, scratch] = [directory('upper'), directory('scratch')];
  const ignore = join(files, '.dockerignore');
  const step = copyStep(copy);
  const request: CopyRequest = {
    step,
    source: {
      name: 'the build context',
      root: `dir:${files}`,
      ignore: existsSync(ignore) ? parseIgnore(readFileSync(ignore, 'utf8'), '.dockerignore') : undefined,
      keepsOwners: false,
    },
    owner:
      step.chown === undefined
        ? undefined
        : await resolveOwner(room.context, step.chown, { layers: lowers, scratch }),
    scratch,
  };
  const selection = await digestSources(room.context, request);
  const copied = await copySources(room.context, request, { selection, stage: { lowers, upper, scratch } });
  expect(copied.digest).toBe(selection.digest);
  return await treeOf([upper, ...lowers]);
}

describe.each(Object.entries(COPY_CASES))('COPY and ADD: %s', (_, cases) => {
  it.each(cases.map((each) => [each.copy, each.stage ?? '', each] as const))(
    '%s %s',
    async (_copy, _stage, each) => {
      const { makes } = each;
      if (makes instanceof RegExp) await expect(perform(each)).rejects.toThrow(makes);
      else expect(await perform(each)).toEqual(makes);
    },
  );
});
