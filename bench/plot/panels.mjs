import { figure } from '../report.mjs'
import { escaped } from './scales.mjs'

export const INK = '#57606a'
export const OURS = '#0f766e'
const [LEFT, RIGHT, TOP, GAP] = [70, 20, 40, 46]

/**
 * Draws panels as one SVG that is readable on light and dark ground. A panel is `{ title, marks, points, mark }`: `marks` are
 * the labels of its x axis, `{ at, text }` with `at` from 0 to 1; a point is `{ at, value, low, high }`, and has a dot and a
 * line from low to high if it has these; `mark` is a value with a line of its own. Each panel begins at 0, so that a flat
 * line is one that does not grow. `columns`: panels beside each other. `below`: a line of text below each panel.
 */
export function panelPlot(title, panels, { columns = 1, height = 110, below = '' } = {}) {
  const width = (720 - (columns - 1) * 20) / columns
  const rows = Math.ceil(panels.length / columns)
  const drawn = panels.map((panel, i) => {
    const [left, top] = [(i % columns) * (width + 20), TOP + Math.floor(i / columns) * (height + GAP)]
    return drawPanel(panel, { left: left + LEFT, right: left + width - RIGHT, top, height })
  })
  const total = TOP + rows * (height + GAP) - (below ? 0 : 6)
  const foot = below ? `<text x="360" y="${total - 4}" text-anchor="middle">${escaped(below)}</text>` : ''
  return document(title, 720, total + (below ? 4 : 0), `${drawn.join('\n')}\n${foot}`)
}

function drawPanel({ title, marks, points, mark }, { left, right, top, height }) {
  const most = Math.max(mark ?? 0, ...points.map(({ value, high = value }) => high)) * 1.1 || 1
  const x = (at) => (left + at * (right - left)).toFixed(1)
  const y = (value) => (top + height - (value / most) * height).toFixed(1)
  const grid = [0, most / 2.2, most / 1.1].map(
    (value) =>
      `<line x1="${left}" x2="${right}" y1="${y(value)}" y2="${y(value)}" stroke="${INK}" stroke-opacity="0.25"/>` +
      `<text x="${left - 6}" y="${Number(y(value)) + 4}" text-anchor="end">${figure(value)}</text>`,
  )
  const axis = marks.map(
    ({ at, text }) => `<text x="${x(at)}" y="${top + height + 16}" text-anchor="middle">${escaped(text)}</text>`,
  )
  const line = `<polyline points="${points.map(({ at, value }) => `${x(at)},${y(value)}`).join(' ')}" fill="none" stroke="${OURS}" stroke-width="1.5"/>`
  const ranges = points
    .filter(({ low }) => low !== undefined)
    .map(
      ({ at, value, low, high }) =>
        `<line x1="${x(at)}" x2="${x(at)}" y1="${y(low)}" y2="${y(high)}" stroke="${OURS}" stroke-width="4" stroke-opacity="0.35"/>` +
        `<circle cx="${x(at)}" cy="${y(value)}" r="3.5" fill="${OURS}"/>`,
    )
  const marked =
    mark === undefined
      ? []
      : [`<line x1="${left}" x2="${right}" y1="${y(mark)}" y2="${y(mark)}" stroke="${INK}" stroke-dasharray="4 3"/>`]
  const name = `<text x="${left}" y="${top - 8}" font-weight="600">${escaped(title)}</text>`
  return [name, ...grid, ...axis, ...marked, ...ranges, line].join('\n')
}

/** Returns an SVG that stands alone: `title` is its text for readers who do not see it. */
export function document(title, width, height, body) {
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${Math.ceil(height)}" role="img" aria-label="${escaped(title)}" font-family="system-ui, sans-serif" font-size="12" fill="${INK}">
<title>${escaped(title)}</title>
${body}
</svg>
`
}
