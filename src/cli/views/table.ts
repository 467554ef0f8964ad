import type { BatchRow, Totals } from '../figures.js'
import { formatTotals } from '../figures.js'

export interface TableOptions {
  readonly title: string
  /** The last batches, in order. */
  readonly rows: readonly BatchRow[]
  readonly totals: Totals
  readonly batchInterval: number
  /**
   * Columns of the terminal. Longer lines are truncated, because a wrapped line would change the number of lines to
   * erase.
   */
  readonly width: number
  readonly colour: boolean
}

const HEADINGS = ['batch (UTC)', 'records', 'scheduling', 'processing', 'total', 'lost'] as const

type Style = 'bold' | 'dim' | 'red' | 'yellow'
const SGR: Readonly<Record<Style, number>> = { bold: 1, dim: 2, red: 31, yellow: 33 }

/**
 * Formats the live table. Yellow marks batches that took longer than the interval; red marks batches that failed or
 * lost threads.
 */
export function renderTable({ title, rows, totals, batchInterval, width, colour }: TableOptions): string[] {
  const cells = rows.map(cellsOf)
  const widths = HEADINGS.map((heading, column) => Math.max(heading.length, ...cells.map((row) => row[column]!.length)))
  const aligned = (row: readonly string[]) => row.map((cell, column) => pad(cell, widths[column]!, column)).join('  ')
  const line = (text: string, style?: Style) => {
    const cut = text.length > width ? `${text.slice(0, Math.max(0, width - 1))}…` : text
    return colour && style ? `\x1b[${SGR[style]}m${cut}\x1b[0m` : cut
  }
  return [
    line(title, 'bold'),
    line(aligned(HEADINGS), 'dim'),
    ...rows.map((row, i) =>
      line(
        aligned(cells[i]!) + (row.failed.length > 0 ? `  failed: ${row.failed.join(', ')}` : ''),
        styleOf(row, batchInterval),
      ),
    ),
    line(formatTotals(totals), 'dim'),
  ]
}

function cellsOf({ time, records, schedulingDelay, processingDelay, totalDelay, threadsLost }: BatchRow): string[] {
  return [
    new Date(time).toISOString().slice(11, 23),
    records.toLocaleString('en-US'),
    `${schedulingDelay} ms`,
    `${processingDelay} ms`,
    `${totalDelay} ms`,
    String(threadsLost),
  ]
}

/** Aligns the time to the left and numbers to the right. */
function pad(cell: string, width: number, column: number): string {
  return column === 0 ? cell.padEnd(width) : cell.padStart(width)
}

function styleOf({ failed, threadsLost, processingDelay }: BatchRow, batchInterval: number): Style | undefined {
  if (failed.length > 0 || threadsLost > 0) return 'red'
  return processingDelay > batchInterval ? 'yellow' : undefined
}
