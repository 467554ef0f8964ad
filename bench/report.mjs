import { mkdirSync, writeFileSync } from 'node:fs'
import { machine } from './machine.mjs'

const RESULTS = new URL('./results/', import.meta.url)

/** Rows of text under their headings; the first column to the left, figures to the right. */
export function table(headings, rows) {
  const lines = [headings, ...rows]
  const widths = headings.map((_, i) => Math.max(...lines.map((line) => line[i].length)))
  const pad = (text, i) => (i === 0 ? text.padEnd(widths[i]) : text.padStart(widths[i]))
  const [head, ...body] = lines.map((line) => line.map(pad).join('  ').trimEnd())
  return [head, '-'.repeat(head.length), ...body].join('\n')
}

/** Formats three significant digits. */
export function figure(value) {
  if (!Number.isFinite(value)) return '-'
  if (Math.abs(value) >= 100) return Math.round(value).toLocaleString('en-US')
  return Math.abs(value) >= 10 ? value.toFixed(1) : value.toFixed(2)
}

const range = ({ median, min, max }) => `${figure(median)} (${figure(min)}-${figure(max)})`

/** Formats the table of a `versus`: rates by wall time and by the processor time of all threads. */
export function versusTable({ contenders, ratio, cpuRatio }, { bytes, records }) {
  const rows = contenders.map(({ name, ms, cpuMs, foreignCores }) => [
    name,
    figure(records / ms.median),
    figure(bytes / 1e3 / ms.median),
    figure(ms.median),
    `${figure(ms.min)}-${figure(ms.max)}`,
    figure(bytes / 1e3 / cpuMs.median),
    figure(foreignCores.median),
  ])
  const [a, b] = contenders
  return [
    table(['', 'k records/s', 'MB/s', 'median ms', 'min-max', 'MB per cpu s', 'foreign cores'], rows),
    `${a.name} / ${b.name}: ${range(ratio)} times as fast; ${range(cpuRatio)} times the work for each second of processor time`,
  ].join('\n')
}

/** Writes a run under bench/results/ and returns its path. */
export function writeJson(name, options, results, at = new Date()) {
  mkdirSync(RESULTS, { recursive: true })
  const file = new URL(`${name}-${at.toISOString().replaceAll(':', '-')}.json`, RESULTS)
  writeFileSync(
    file,
    `${JSON.stringify({ bench: name, at: at.toISOString(), machine: machine(), options, results }, null, 2)}\n`,
  )
  return file.pathname
}
