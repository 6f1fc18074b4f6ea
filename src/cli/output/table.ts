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
  const widths = headers.map((_, column) => {
    const widest = lines.reduce((width, cells) => Math.max(width, widthOf(cells[column] ?? '')), 0);
    return Math.max(widest + PADDING, minimumWidth);
  });
  return lines.map((cells) => `${renderLine(cells, widths)}\n`).join('');
}

function renderLine(cells: readonly string[], widths: readonly number[]): string {
  return cells
    .map((cell, column) =>
      column === cells.length - 1 ? cell : cell + ' '.repeat((widths[column] ?? 0) - widthOf(cell)),
    )
    .join('');
}

/** Characters, not code units. */
function widthOf(text: string): number {
  return [...text].length;
}
