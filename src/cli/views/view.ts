import type { Writable } from 'node:stream'
import { formatMillis } from '../../ops/time.js'
import { toJson } from '../../values/json.js'
import type { BatchRow } from '../figures.js'

/** Shows the progress of a run. */
export interface View {
  started(): unknown
  batch(row: BatchRow): unknown
  /** Receives a batch of a named output. */
  output(name: string, time: number, records: readonly unknown[]): unknown
  /** Receives the output of print(), unless it goes to stdout unchanged. */
  readonly printed?: (time: number, lines: readonly string[]) => void
  close(): void
}

export interface ViewStreams {
  readonly stdout: Pick<Writable, 'write'> & Partial<Pick<Writable, 'writableNeedDrain'>>
  readonly stderr: Pick<Writable, 'write'>
}

/** Facts about a run that views show. */
export interface RunTitle {
  readonly module: string
  /** Where tasks run, such as `threads=2`. */
  readonly runs: string
  readonly batchInterval: number
}

/** The first line on stderr. When it appears, the process handles signals. */
export function formatStart({ module, runs, batchInterval }: RunTitle): string {
  return `millrace: running ${module}, ${runs}, a batch every ${formatMillis(batchInterval)}\n`
}

/** Number of records that print() shows. */
const SHOWN = 10

/** Formats a batch of a named output like print(), with its name. */
export function formatOutput(name: string, time: number, records: readonly unknown[]): string {
  const rule = '-'.repeat(43)
  const lines = records.slice(0, SHOWN).map((record) => (typeof record === 'string' ? record : toJson(record)))
  if (records.length > SHOWN) lines.push('...')
  return `${[rule, `Time: ${time} ms, output: ${name}`, rule, ...lines, ''].join('\n')}\n`
}
