import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';

const NATIVE = resolve(import.meta.dirname, '../native');

/** The rooms of native/VERBS.md, and which of those before it a room includes. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  base: [],
  state: ['base'],
  confine: ['base'],
  init: ['base', 'state', 'confine'],
  log: ['base'],
  streams: ['base', 'log'],
  network: ['base', 'state'],
  resolver: ['base'],
  forwarder: ['base', 'confine'],
  client: ['base', 'streams'],
  exec: ['base', 'state', 'confine', 'init', 'streams'],
  monitor: [
    ...['base', 'state', 'confine', 'init', 'log', 'streams', 'network', 'resolver', 'forwarder'],
    'exec',
  ],
  unpack: ['base'],
  layer: ['base', 'unpack'],
  archive: ['base', 'confine', 'init', 'layer'],
  verbs: ['base', 'state', 'confine', 'init', 'streams', 'network', 'client', 'exec', 'monitor'],
};

/** The helper's main program, and the programs of their own beside it, which include nothing. */
const TOP = ['entry.c', 'hello.c', 'main.c'];

interface Source {
  /** Relative to native/. */
  path: string;
  text: string;
}

/** That one file needs another. */
interface Need {
  from: string;
  to: string;
}

const sources = readdirSync(NATIVE, { recursive: true, encoding: 'utf8' })
  .filter((path) => /\.[ch]$/.test(path))
  .map((path): Source => ({ path, text: readFileSync(join(NATIVE, path), 'utf8') }));

const room = (path: string) => (path.includes('/') ? (path.split('/')[0] ?? '') : '(top)');
const show = ({ from, to }: Need) => `${from} → ${to}`;

const included = sources.flatMap(({ path, text }) =>
  [...text.matchAll(/^#include "(?<to>[^"]+)"$/gm)].map(({ groups }) => ({
    from: path,
    to: groups?.['to'] ?? '',
  })),
);

/** The file that defines a function which others may call. */
const definers = new Map(
  sources.flatMap((source) => definitions(source, 'for all').map((name) => [name, source.path] as const)),
);

/** What files call of others, whichever header declares it: one header may do so for several files. */
const called = sources.filter(({ path }) => path.endsWith('.c')).flatMap(calls);

function definitions({ text }: Source, whose: 'for all' | 'own'): string[] {
  const functions = text.matchAll(/^(?<type>[A-Za-z_][^;{}()=#]*?)\b(?<name>\w+)\([^;{}]*\)\n\{/gm);
  return [...functions]
    .filter(({ groups }) => whose === 'own' || groups?.['type']?.startsWith('static ') === false)
    .map(({ groups }) => groups?.['name'] ?? '');
}

function calls(source: Source): Need[] {
  const own = definitions(source, 'own');
  const code = source.text.replaceAll(/\/\*.*?\*\/|"(?:\\.|[^"\\])*"/gs, '');
  const names = [...code.matchAll(/(?<![.>\w])(?<name>\w+)\(/g)].map(({ groups }) => groups?.['name'] ?? '');
  const files = names.filter((name) => !own.includes(name)).map((name) => definers.get(name));
  return [...new Set(files)].flatMap((to) => (to === undefined ? [] : [{ from: source.path, to }]));
}

describe('the C helper', () => {
  it('has every file in a room, or beside the main program', () => {
    const stray = sources
      .map(({ path }) => path)
      .filter((path) => !(room(path) in ROOMS) && !TOP.includes(path));
    expect(stray).toEqual([]);
  });

  it('is found by this test, calls included', () => {
    expect(included.map(show)).toContain('init/init.c → init/borrow.h');
    expect(called.map(show)).toContain('layer/apply.c → layer/apply_entry.c');
  });

  it('includes files by their rooms, and only those that exist', () => {
    const odd = included.filter(({ to }) => !existsSync(join(NATIVE, to)));
    expect(odd.map(show)).toEqual([]);
  });

  it('has rooms in the table that include only rooms before them', () => {
    const order = Object.keys(ROOMS);
    const odd = Object.entries(ROOMS).flatMap(([from, rooms]) =>
      rooms.filter((to) => !order.slice(0, order.indexOf(from)).includes(to)).map((to) => show({ from, to })),
    );
    expect(odd).toEqual([]);
  });

  it('includes, and calls, what the table says and no less', () => {
    const needs = [...included, ...called].map(({ from, to }) => ({ from: room(from), to: room(to) }));
    const between = needs.filter(({ from, to }) => from !== to && from in ROOMS && to in ROOMS);
    const table = Object.entries(ROOMS).flatMap(([from, rooms]) => rooms.map((to) => show({ from, to })));
    expect([...new Set(between.map(show))].sort()).toEqual(table.sort());
  });

  it('calls nothing of the main program from a room', () => {
    const up = [...included, ...called].filter(({ from, to }) => room(from) in ROOMS && TOP.includes(to));
    expect(up.map(show)).toEqual([]);
  });

  it('has no circles of calls or of headers', () => {
    expect(circles([...called, ...included.filter(({ from }) => from.endsWith('.h'))])).toEqual([]);
  });
});

/** Every circle as `a → b → a`. */
function circles(needs: readonly Need[]): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    const start = path.indexOf(file);
    if (start >= 0) found.push([...path.slice(start), file].join(' → '));
    if (start >= 0 || done.has(file)) return;
    for (const { from, to } of needs) if (from === file && to !== file) visit(to, [...path, file]);
    done.add(file);
  };
  for (const { from } of needs) visit(from, []);
  return found;
}
