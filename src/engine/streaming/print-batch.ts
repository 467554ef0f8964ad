/** Writes the lines of print() to stdout. */
export function printBatch(time: number, lines: readonly string[]): void {
  const rule = '-'.repeat(43)
  console.log([rule, `Time: ${time} ms`, rule, ...lines, ''].join('\n'))
}
