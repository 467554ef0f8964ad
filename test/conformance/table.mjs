/** How the cases went: `passed`, `failed`, or `not yet` where something that a case asks for is not there. */
export class Tally {
  #results = []

  add(operations, mode, outcome) {
    this.#results.push({ operations, mode, outcome })
  }

  count(outcome) {
    return this.#results.filter((result) => result.outcome === outcome).length
  }

  /** A line an operation: the cases that use it, and how many pass in each mode. A case counts for all its operations. */
  table(modes) {
    const rows = new Map()
    for (const { operations, mode, outcome } of this.#results) {
      for (const operation of [...operations, 'ALL CASES']) {
        if (!rows.has(operation)) rows.set(operation, { cases: 0, passed: new Map(), notYet: 0 })
        const row = rows.get(operation)
        if (mode === modes[0].name) row.cases++
        if (mode === modes[0].name && outcome === 'not yet') row.notYet++
        if (outcome === 'passed') row.passed.set(mode, (row.passed.get(mode) ?? 0) + 1)
      }
    }
    const all = rows.get('ALL CASES')
    rows.delete('ALL CASES')
    const sorted = [...rows].sort(([a], [b]) => (a < b ? -1 : 1))
    const lines = [...sorted, ['all', all]].map(([operation, row]) => [
      operation,
      String(row.cases),
      ...modes.map(({ name }) => String(row.passed.get(name) ?? 0)),
      row.notYet > 0 ? String(row.notYet) : '',
    ])
    return aligned([['operation', 'cases', ...modes.map(({ name }) => name), 'not yet'], ...lines])
  }
}

function aligned(rows) {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)))
  const line = (row) => row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  ')
  return rows.map((row) => line(row).trimEnd()).join('\n')
}
