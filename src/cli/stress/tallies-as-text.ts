import { textTable } from '../text-table.js'
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

/** Formats a table with a row for each pipeline and mode, and the totals at the end. */
export function talliesAsText(tallies: Tallies, { kills, wanted, seconds, seed, passed }: Total): string {
  const number = (n: number) => n.toLocaleString('en-US')
  const rows = [
    ...tallies.all.map((tally) => [`${tally.pipeline} ${tally.mode}`, ...COLUMNS.map(([, of]) => of(tally))]),
    ['total', ...COLUMNS.map(([, of]) => tallies.sum(of))],
  ]
  const table = textTable(['', ...COLUMNS.map(([name]) => name)], rows)
  const summary = `${number(kills)} of ${number(wanted)} kills in ${number(seconds)} s, seed ${seed}: ${passed ? 'passed' : 'FAILED'}`
  return `${table}\n${summary}`
}
