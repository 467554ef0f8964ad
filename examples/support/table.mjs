// Tables for a terminal.
import { displayWidth, padded } from './display-width.mjs'

const GAP = '  '
const number = (value) => value.toLocaleString('en-US')

/**
 * Rows under a heading; texts stand left, numbers right.
 * @param {readonly string[]} heading
 * @param {readonly (readonly (string | number)[])[]} rows
 * @returns {string}
 */
export function table(heading, rows) {
  const texts = [heading, ...rows.map((row) => row.map((cell) => (typeof cell === 'number' ? number(cell) : cell)))]
  const widths = heading.map((_, i) => Math.max(...texts.map((row) => displayWidth(row[i]))))
  const right = heading.map((_, i) => typeof rows[0]?.[i] === 'number')
  const cell = (text, i) => (right[i] ? text.padStart(widths[i]) : padded(text, widths[i]))
  const [first, ...others] = texts.map((row) => row.map(cell))
  const rule = widths.map((width) => '─'.repeat(width))
  return [first, rule, ...others].map((cells) => cells.join(GAP).trimEnd()).join('\n')
}

/**
 * A bar as long as `share` (0 to 1) of `columns`, to an eighth of a column.
 * @returns {string}
 */
export function bar(share, columns) {
  const eighths = Math.round(share * columns * 8)
  return '█'.repeat(eighths >> 3) + ['', '▏', '▎', '▍', '▌', '▋', '▊', '▉'][eighths & 7]
}
