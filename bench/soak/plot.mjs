import { escaped } from '../compare/plot.mjs'

const [WIDTH, HEIGHT, LEFT, GAP] = [720, 110, 70, 46]
const INK = '#57606a'

/**
 * Draws one panel for each `{ title, values }` over the same batches, as SVG that is readable on light and dark ground. Each
 * panel begins at 0, so that a flat line is one that does not grow.
 */
export function linePlot(title, batches, panels) {
  const last = batches.at(-1)
  const x = (batch) => LEFT + (batch / last) * (WIDTH - LEFT - 20)
  const drawn = panels.map(({ title: name, values }, i) => {
    const top = 40 + i * (HEIGHT + GAP)
    const most = Math.max(1, ...values) * 1.1
    const y = (value) => top + HEIGHT - (value / most) * HEIGHT
    const points = values.map((value, at) => `${x(batches[at]).toFixed(1)},${y(value).toFixed(1)}`).join(' ')
    const ticks = [0, most / 2.2, most / 1.1].map(
      (value) =>
        `<line x1="${LEFT}" x2="${WIDTH - 20}" y1="${y(value)}" y2="${y(value)}" stroke="${INK}" stroke-opacity="0.25"/>` +
        `<text x="${LEFT - 6}" y="${y(value) + 4}" text-anchor="end">${Math.round(value).toLocaleString('en-US')}</text>`,
    )
    return `<text x="${LEFT}" y="${top - 8}" font-weight="600">${escaped(name)}</text>
${ticks.join('\n')}
<polyline points="${points}" fill="none" stroke="#0f766e" stroke-width="1.5"/>`
  })
  const height = 40 + panels.length * (HEIGHT + GAP)
  const marks = [0, 0.25, 0.5, 0.75, 1].map(
    (part) =>
      `<text x="${x(part * last)}" y="${height - 22}" text-anchor="middle">${Math.round(part * last).toLocaleString('en-US')}</text>`,
  )
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-label="${escaped(title)}" font-family="system-ui, sans-serif" font-size="12" fill="${INK}">
<title>${escaped(title)}</title>
${drawn.join('\n')}
${marks.join('\n')}
<text x="${WIDTH / 2}" y="${height - 6}" text-anchor="middle">batches</text>
</svg>
`
}
