import type { BatchRow } from '../figures.js'
import { formatOutput, formatStart, type RunTitle, type View, type ViewStreams } from './view.js'

/** Writes one line per batch to stderr, for files, pipes and logs. */
export function lineView({ stdout, stderr }: ViewStreams, title: RunTitle): View {
  return {
    started: () => stderr.write(formatStart(title)),
    batch: (row) => stderr.write(`${formatRow(row)}\n`),
    output: (name, time, records) => stdout.write(formatOutput(name, time, records)),
    close: () => {},
  }
}

/** `2026-01-01T00:00:01.000Z records=12 scheduling=0ms processing=8ms total=8ms lost=0`. */
export function formatRow({
  time,
  records,
  schedulingDelay,
  processingDelay,
  totalDelay,
  threadsLost,
  failed,
}: BatchRow): string {
  const parts = [
    new Date(time).toISOString(),
    `records=${records}`,
    `scheduling=${schedulingDelay}ms`,
    `processing=${processingDelay}ms`,
    `total=${totalDelay}ms`,
    `lost=${threadsLost}`,
  ]
  if (failed.length > 0) parts.push(`failed=${failed.join(',')}`)
  return parts.join(' ')
}
