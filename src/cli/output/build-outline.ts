import type { BuildOutline, OutlinedFile } from '../../build/stages/outline.ts';
import type { DockerfileSource } from '../../engine/build/checked.ts';
import { outlineReport } from '../../engine/build/dockerfile-reports.ts';
import { visible, visibleJson } from '../text/visible.ts';

/** What can be given to a build, in the tables of `docker build --call=outline`, and one of the caches. */
export function renderOutline(outline: BuildOutline): string {
  const { name, description, arguments: args, secrets, agents, caches } = outline;
  const about = description === undefined ? [] : [['DESCRIPTION:', description]];
  const head = name === undefined ? '' : `${renderTable([['TARGET:', name], ...about], 1)}\n`;
  const tables: string[][][] = [];
  const rows = args.map(({ name: called, value = '', description: what = '' }) => [called, value, what]);
  if (rows.length > 0) tables.push([['BUILD ARG', 'VALUE', 'DESCRIPTION'], ...rows]);
  for (const [title, files] of [
    ['SECRET', secrets],
    ['SSH', agents],
  ] as const)
    if (files.length > 0) tables.push([[title, 'REQUIRED'], ...files.map(fileRow)]);
  if (caches.length > 0) tables.push([['CACHE MOUNT'], ...caches.map(({ id }) => [id])]);
  return head + tables.map((table) => `${renderTable(table, 3)}\n`).join('');
}

function fileRow({ id, required }: OutlinedFile): string[] {
  return [id, required ? 'true' : ''];
}

/** `gap`: blanks between columns. */
function renderTable(rows: readonly string[][], gap: number): string {
  const shown = rows.map((row) => row.map((cell) => visible(cell)));
  const widths = (shown[0] ?? []).map((_, column) =>
    Math.max(...shown.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]) =>
    row.map((cell, column) => cell.padEnd((widths[column] ?? 0) + gap)).join('');
  return shown.map((row) => `${line(row).trimEnd()}\n`).join('');
}

/** The same with the names that `docker build --call=outline,format=json` gives to it. */
export function outlineJson(file: DockerfileSource, outline: BuildOutline): string {
  return `${visibleJson(outlineReport(file, outline), { indent: 2 })}\n`;
}
