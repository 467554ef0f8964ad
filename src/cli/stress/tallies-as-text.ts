import type { Tallies, Tally } from './tallies.js'

interface Total {
  readonly kills: number
  readonly wanted: number
  readonly seconds: number
  readonly seed: number
  readonly passed: boolean
}

const COLUMNS: readonly [string, (tally: Tally) => number][] = [
  ['rounds', ({ rounds }) => rounds],
  ['batches', ({ batches }) => batches],
  ['kills', ({ kills }) => kills],
  ['threads', ({ threadsKilled }) => threadsKilled],
  ['wrong batches', ({ wrongBatches }) => wrongBatches],
  ['lost records', ({ lostRecords }) => lostRecords],
  ['duplicated', ({ duplicatedRecords }) => duplicatedRecords],
  ['failed rounds', ({ failedRounds }) => failedRounds],
  ['aborted by V8', ({ abortedRounds }) => abortedRounds],
]

/** A table with a row for each pipeline and mode, and the sums below. */
export function talliesAsText(tallies: Tallies, { kills, wanted, seconds, seed, passed }: Total): string {
  const number = (n: number) => n.toLocaleString('en-US')
  const rows = [
    ['', ...COLUMNS.map(([name]) => name)],
    ...tallies.all.map((tally) => [`${tally.pipeline} ${tally.mode}`, ...COLUMNS.map(([, of]) => number(of(tally)))]),
    ['total', ...COLUMNS.map(([, of]) => number(tallies.sum(of)))],
  ]
  const widths = rows[0]!.map((_, i) => Math.max(...rows.map((row) => row[i]!.length)))
  const lines = rows.map((row) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join('  '),
  )
  const verdict = `${number(kills)} of ${number(wanted)} kills in ${number(seconds)} s, seed ${seed}: ${passed ? 'passed' : 'FAILED'}`
  return [...lines, verdict].join('\n')
}
