import { escaped, logScale, short, ticks } from './scales.mjs'

/*
 * Plots as SVG text. Colours are classes, so that the page's style can follow the reader's light or dark theme.
 */

const WIDTH = 760
const LABEL = 190
const VALUE = 150
const ROW = 24
const AXIS = 28

/**
 * Draws one row for each `{ label, value, low, high, text, kind }`: a dot at the value and a line from low to high.
 * `mark` is a value with a line of its own, such as a ratio of one.
 */
export function dotPlot(rows, { unit, mark }) {
  const all = rows.flatMap(({ value, low, high }) => [value, low, high]).concat(mark ?? [])
  const x = logScale(all, LABEL + 10, WIDTH - VALUE - 10)
  const height = rows.length * ROW + AXIS
  const lines = ticks(Math.min(...all), Math.max(...all)).map((value) => {
    const at = x(value).toFixed(1)
    return `<line class="grid" x1="${at}" x2="${at}" y1="0" y2="${rows.length * ROW}"/><text class="tick" x="${at}" y="${rows.length * ROW + 14}">${short(value)}</text>`
  })
  const marked =
    mark === undefined ? '' : `<line class="mark" x1="${x(mark)}" x2="${x(mark)}" y1="0" y2="${rows.length * ROW}"/>`
  const dots = rows.map(({ label, value, low, high, text, kind }, i) => {
    const y = i * ROW + ROW / 2
    return (
      `<text class="label" x="${LABEL}" y="${y + 4}">${escaped(label)}</text>` +
      `<line class="range ${kind}" x1="${x(low).toFixed(1)}" x2="${x(high).toFixed(1)}" y1="${y}" y2="${y}"/>` +
      `<circle class="dot ${kind}" cx="${x(value).toFixed(1)}" cy="${y}" r="5"/>` +
      `<text class="value" x="${WIDTH - VALUE + 8}" y="${y + 4}">${escaped(text)}</text>`
    )
  })
  const axis = `<text class="tick" x="${WIDTH - VALUE + 8}" y="${rows.length * ROW + 14}" style="text-anchor:start">${escaped(unit)}</text>`
  return `<svg viewBox="0 0 ${WIDTH} ${height}" role="img">${lines.join('')}${marked}${dots.join('')}${axis}</svg>`
}
