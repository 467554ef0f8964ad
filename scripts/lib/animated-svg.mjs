// Draws screens of text as one SVG that shows them one after the other, for ever. Bars of block characters become
// rectangles, since fonts leave gaps between such characters.
import { displayWidth } from '../../examples/support/display-width.mjs'

const FONT_SIZE = 14
const CHARACTER = 8.43
const LINE = 19
const PADDING = 16
/** How long the last screen stays, in ms. */
const REST = 4000
const COLORS = {
  command: '#8ab4f8',
  title: '#ffffff',
  dim: '#6b7280',
  plain: '#d4d4d8',
  bad: '#f87171',
  good: '#4ade80',
}
const BAR = /^(.*?)([█▏▎▍▌▋▊▉]+)$/u
const EIGHTHS = '▏▎▍▌▋▊▉█'

/**
 * @param {{ at: number, lines: { text: string, style: string }[] }[]} screens by time in ms, the first at 0
 * @param {string} title read out to those who cannot see it
 */
export function animate(screens, title) {
  const rows = Math.max(...screens.map(({ lines }) => lines.length))
  const columns = Math.max(...screens.flatMap(({ lines }) => lines.map(({ text }) => displayWidth(text))))
  const width = Math.round(columns * CHARACTER + 2 * PADDING)
  const height = rows * LINE + 2 * PADDING
  const total = screens.at(-1).at + REST
  const frames = screens.map(({ at, lines }, i) => {
    const until = screens[i + 1]?.at ?? total
    return `<g opacity="0">${visible(at / total, until / total, total)}${lines.map(row).join('')}</g>`
  })
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}"`,
    ` font-family="ui-monospace,SFMono-Regular,Menlo,Consolas,'DejaVu Sans Mono',monospace" font-size="${FONT_SIZE}">`,
    `<title>${escaped(title)}</title>`,
    `<rect width="100%" height="100%" rx="8" fill="#18181b"/>`,
    ...frames,
    '</svg>\n',
  ].join('\n')
}

/** An element that makes its parent visible from one part of the time to another. */
function visible(from, to, total) {
  const [a, b] = [from.toFixed(4), to.toFixed(4)]
  const [values, times] =
    from === 0 ? (to === 1 ? ['1', '0'] : ['1;0', `0;${b}`]) : to === 1 ? ['0;1', `0;${a}`] : ['0;1;0', `0;${a};${b}`]
  return `<animate attributeName="opacity" calcMode="discrete" dur="${(total / 1000).toFixed(2)}s" repeatCount="indefinite" values="${values}" keyTimes="${times}"/>`
}

function row({ text, style }, index) {
  const y = PADDING + (index + 0.75) * LINE
  const [, before = text, bar] = BAR.exec(text) ?? []
  const x = (column) => (PADDING + column * CHARACTER).toFixed(1)
  const texts = cells(before).map(
    ({ column, text: cell }) => `<text x="${x(column)}" y="${y}" fill="${COLORS[style]}">${escaped(cell)}</text>`,
  )
  if (!bar) return texts.join('')
  const length = [...bar].reduce((sum, block) => sum + (EIGHTHS.indexOf(block) + 1) / 8, 0)
  const size = `width="${(length * CHARACTER).toFixed(1)}" height="${(LINE * 0.62).toFixed(1)}"`
  const rectangle = `<rect x="${x(displayWidth(before))}" y="${(y - LINE * 0.6).toFixed(1)}" ${size} fill="#f59e0b"/>`
  return texts.join('') + rectangle
}

/** The columns of a table row, each placed by itself: a viewer's font need not have every letter at one width. */
function cells(text) {
  return [...text.matchAll(/\S+(?: \S+)*/g)].map((match) => ({
    column: displayWidth(text.slice(0, match.index)),
    text: match[0],
  }))
}

function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')
}
