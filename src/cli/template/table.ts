import { isVisible, visible } from '../text/visible.ts';

/** Blanks after the widest cell of a column, and the least width of a column with them: what Docker's tables have. */
const PADDING = 3;
const MINIMUM_WIDTH = 10;

/**
 * A table as Docker prints it: columns as wide as their widest cell and three blanks, at least ten characters
 * unless said otherwise; the last one is not padded. Rows have as many cells as the headers; what would command a
 * terminal, or begin a row of its own, is written out. The text ends with a newline.
 */
export function renderTable(
  headers: readonly string[],
  rows: readonly (readonly string[])[],
  { minimumWidth = MINIMUM_WIDTH } = {},
): string {
  const all = rows.map((cells) => cells.join('')).join('');
  const clean = isVisible(all) ? rows : rows.map((cells) => cells.map((cell) => visible(cell)));
  const lines = [headers, ...clean];
  const isPlain = !SURROGATE.test(all);
  const widthOf = isPlain ? codeUnits : characters;
  const pad = isPlain ? padCodeUnits : padCharacters;
  const widths = headers.map((_, column) => {
    let widest = 0;
    for (const cells of lines) {
      const width = widthOf(cells[column] ?? '');
      if (width > widest) widest = width;
    }
    return Math.max(widest + PADDING, minimumWidth);
  });
  const last = headers.length - 1;
  const line = (cells: readonly string[]) =>
    `${cells.map((cell, column) => (column === last ? cell : pad(cell, widths[column] ?? 0))).join('')}\n`;
  return lines.map(line).join('');
}

/** Matches a character of more than one code unit. */
const SURROGATE = /[\ud800-\udfff]/;

function codeUnits(text: string): number {
  return text.length;
}

function padCodeUnits(text: string, width: number): string {
  return text.padEnd(width);
}

function padCharacters(text: string, width: number): string {
  return text + ' '.repeat(Math.max(0, width - characters(text)));
}

function characters(text: string): number {
  return [...text].length;
}
