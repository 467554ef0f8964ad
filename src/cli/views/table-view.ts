import { formatMillis } from '../../ops/time.js'
import type { BatchRow, Figures } from '../figures.js'
import { LiveRegion } from './live-region.js'
import { renderTable } from './table.js'
import { formatOutput, type RunTitle, type View } from './view.js'

const MAX_ROWS = 10
/** Lines for title, headings and totals, and for the cursor. */
const OTHER_LINES = 4

export interface Terminals {
  readonly stdout: NodeJS.WriteStream
  readonly stderr: NodeJS.WriteStream
}

/** A live table of the last batches, at the end of the terminal below the pipeline's output. */
export function tableView({ stdout, stderr }: Terminals, title: RunTitle, figures: Figures, colour: boolean): View {
  const { module, runs, batchInterval } = title
  const region = new LiveRegion(stderr, stdout.isTTY ? [stdout] : [])
  const heading = `millrace  ${module}  ${runs}  every ${formatMillis(batchInterval)}`
  const rows: BatchRow[] = []
  const draw = (): void => {
    // Some terminals report 0 columns if they do not know their width.
    const width = stderr.columns || 80
    const height = stderr.rows || 24
    const shown = rows.slice(-Math.max(1, Math.min(MAX_ROWS, height - OTHER_LINES)))
    region.show(renderTable({ title: heading, rows: shown, totals: figures.totals(), batchInterval, width, colour }))
  }
  return {
    started: draw,
    batch: (row) => {
      rows.push(row)
      if (rows.length > MAX_ROWS) rows.shift()
      draw()
    },
    output: (name, time, records) => stdout.write(formatOutput(name, time, records)),
    close: () => region.close(),
  }
}
