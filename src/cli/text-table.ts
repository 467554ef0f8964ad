/** Formats rows in columns below headings. Numbers are aligned to the right, by default with grouped digits. */
export function textTable(
  headings: readonly string[],
  rows: readonly (readonly (string | number)[])[],
  formatNumber = (value: number): string => value.toLocaleString('en-US'),
): string {
  const cells = rows.map((row) => row.map((cell) => (typeof cell === 'number' ? formatNumber(cell) : cell)))
  const widths = headings.map((heading, i) => Math.max(heading.length, ...cells.map((row) => row[i]!.length)))
  const line = (row: readonly string[], right: (column: number) => boolean) =>
    row
      .map((cell, i) => (right(i) ? cell.padStart(widths[i]!) : cell.padEnd(widths[i]!)))
      .join('  ')
      .trimEnd()
  const isNumber = (column: number) => rows.length > 0 && rows.every((row) => typeof row[column] === 'number')
  return [headings, ...cells].map((row) => line(row, isNumber)).join('\n')
}
