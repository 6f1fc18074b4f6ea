import { visible } from './visible.ts';

/** A line of a section: its columns, of which the last one is as long as it likes. */
export interface SheetLine {
  cells: readonly string[];
  /** Whether it is marked. */
  isMarked?: boolean | undefined;
}

export interface SheetSection {
  title: string;
  lines: readonly SheetLine[];
}

/** A column grows to this many characters; what is longer moves only its own line. */
const WIDEST = 40;

/** A line of a section. */
export function line(cells: readonly string[], isMarked?: boolean): SheetLine {
  return { cells, isMarked };
}

/** A line in which something is said of a name; none when there is nothing to say. */
export function fact(name: string, text: string | undefined, isMarked?: boolean): SheetLine[] {
  return text === undefined || text === '' ? [] : [line([name, text], isMarked)];
}

/** Sections with their titles, each with columns of its own and a `*` before marked lines; empty ones are left out. */
export function renderSheet(sections: readonly SheetSection[]): string {
  return sections
    .filter(({ lines }) => lines.length > 0)
    .map(({ title, lines }) => `${visible(title)}\n${renderLines(lines)}`)
    .join('\n');
}

function renderLines(lines: readonly SheetLine[]): string {
  const shown = lines.map(({ cells, isMarked }) => ({ cells: cells.map((cell) => visible(cell)), isMarked }));
  const widths: number[] = [];
  for (const { cells } of shown)
    for (const [column, cell] of cells.slice(0, -1).entries())
      if (cell.length <= WIDEST) widths[column] = Math.max(widths[column] ?? 0, cell.length);
  return shown
    .map(({ cells, isMarked }) => {
      const padded = cells.map((cell, column) =>
        column === cells.length - 1 ? cell : cell.padEnd(widths[column] ?? 0),
      );
      return `${isMarked === true ? '  * ' : '    '}${padded.join('  ')}`.trimEnd();
    })
    .map((text) => `${text}\n`)
    .join('');
}
