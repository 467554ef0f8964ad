/** Returns the lines of print() as one text. */
export function printedBatch(time: number, lines: readonly string[]): string {
  const rule = '-'.repeat(43)
  return [rule, `Time: ${time} ms`, rule, ...lines, ''].join('\n')
}

/** Writes the lines of print() to stdout. */
export function printBatch(time: number, lines: readonly string[]): void {
  console.log(printedBatch(time, lines))
}
