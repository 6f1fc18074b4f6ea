/** Blanks after the widest cell of a column, and the least width of a column with them: what Docker's tables have. */
const PADDING = 3;
const MINIMUM_WIDTH = 10;

/**
 * A table as Docker prints it: columns as wide as their widest cell and three blanks, at least ten characters
 * unless said otherwise; the last one is not padded. Rows have as many cells as the headers. The text ends with a newline.
 */
export function renderTable(
  headers: readonly string[],
  rows: readonly (readonly string[])[],
  { minimumWidth = MINIMUM_WIDTH } = {},
): string {
  const lines = [headers, ...rows];
  const widthOf = lines.some((cells) => SURROGATE.test(cells.join(''))) ? characters : codeUnits;
  const widths = headers.map((header, column) => {
    let widest = widthOf(header);
    for (const cells of rows) widest = Math.max(widest, widthOf(cells[column] ?? ''));
    return Math.max(widest + PADDING, minimumWidth);
  });
  let table = '';
  for (const cells of lines) {
    const last = cells.length - 1;
    for (const [column, cell] of cells.entries())
      table += column === last ? cell : cell + ' '.repeat((widths[column] ?? 0) - widthOf(cell));
    table += '\n';
  }
  return table;
}

/** What a character needs that is more than one code unit. */
const SURROGATE = /[\ud800-\udfff]/;

function codeUnits(text: string): number {
  return text.length;
}

function characters(text: string): number {
  return [...text].length;
}
