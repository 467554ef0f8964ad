import { isMillrace, peerOf } from '../compare/ids.mjs'
import { ratios } from '../stats.mjs'
import { document, INK, OURS } from './panels.mjs'
import { escaped, logScale, short, ticks } from './scales.mjs'

/** Each peer, or form of one, has a letter as well as a colour. */
const PEERS = {
  spark: ['S', '#c2410c', 'Spark DStreams'],
  'spark-sql': ['Q', '#b45309', 'Spark SQL'],
  'spark-structured': ['U', '#a16207', 'Structured Streaming'],
  flink: ['F', '#be185d', 'Flink'],
  polars: ['P', '#1d4ed8', 'polars'],
  'polars:columns': ['p', '#3b82f6', 'polars, columns in memory'],
  duckdb: ['D', '#6d28d9', 'DuckDB'],
  'duckdb:columns': ['d', '#8b5cf6', 'DuckDB, columns in memory'],
  timely: ['T', '#0e7490', 'timely dataflow'],
  rust: ['R', '#4d7c0f', 'Rust by hand'],
  node: ['N', '#57606a', 'Node loop, one thread'],
}
const [WIDTH, LABEL, ROW, LINE] = [720, 130, 26, 22]
/** Width of a letter of the legend, on average. */
const LETTER = 7

/**
 * Draws a run of `compare`: a row for each workload, a dot for each peer at its time as a multiple of Millrace's. Of peers and
 * of Millrace the fastest form counts, except that columns in memory have a dot of their own. Other peers, and answers that are
 * wrong, are left out.
 */
export function peersPlot({ machine, workloads, at }) {
  const rows = workloads.map(rowOf).filter(({ dots }) => dots.length > 0)
  if (rows.length === 0) throw new Error('The run has no workload with a peer of which the plot knows the name.')
  const values = rows.flatMap(({ dots }) => dots.map(({ value }) => value))
  const [low, high] = [Math.min(0.5, ...values) / 1.2, Math.max(2, ...values) * 1.2]
  const x = logScale([low, high], LABEL, WIDTH - 20)
  const used = Object.keys(PEERS).filter((peer) => rows.some(({ dots }) => dots.some((dot) => dot.peer === peer)))
  const { lines, text: legend } = legendOf(used)
  const top = 36 + lines * LINE
  const bottom = top + rows.length * ROW
  const grid = ticks(low, high).map(
    (value) =>
      `<line x1="${x(value).toFixed(1)}" x2="${x(value).toFixed(1)}" y1="${top}" y2="${bottom}" stroke="${INK}" stroke-opacity="0.25"/>` +
      `<text x="${x(value).toFixed(1)}" y="${bottom + 16}" text-anchor="middle">${short(value)}</text>`,
  )
  const one = `<line x1="${x(1).toFixed(1)}" x2="${x(1).toFixed(1)}" y1="${top}" y2="${bottom}" stroke="${OURS}" stroke-width="2"/>`
  const drawn = rows.map(({ name, dots }, i) => {
    const y = top + i * ROW + ROW / 2
    const label = `<text x="${LABEL - 12}" y="${y + 4}" text-anchor="end">${escaped(name)}</text>`
    return label + dots.map((dot) => drawDot(dot, x(dot.value), y)).join('')
  })
  const title = `Time as a multiple of Millrace's: right of the line Millrace is faster. ${machine.cores} cores, Node ${machine.node}, ${at.slice(0, 10)}`
  const heading = `<text x="${LABEL}" y="16" font-weight="600">Time as a multiple of Millrace’s: right of the line Millrace is faster</text>`
  return document(title, WIDTH, bottom + 24, [heading, legend, ...grid, one, ...drawn].join('\n'))
}

function rowOf({ name, rows }) {
  const good = rows.filter(({ failure, correct }) => failure === undefined && correct !== false)
  const ours = fastest(good.filter(({ id }) => isMillrace(id) && !peerOf(id).endsWith('-lts')))
  if (ours === undefined) return { name, dots: [] }
  const dots = Object.keys(PEERS).flatMap((peer) => {
    const its = fastest(good.filter(({ id }) => (id in PEERS ? id : peerOf(id)) === peer))
    return its ? [{ peer, noisy: its.noisy || ours.noisy, value: ratios(its.rounds, ours.rounds).median }] : []
  })
  return { name, dots }
}

function fastest(rows) {
  return rows.reduce((best, row) => (best === undefined || row.ms.median < best.ms.median ? row : best), undefined)
}

function drawDot({ peer, value, noisy }, x, y) {
  const [letter, colour, name] = PEERS[peer]
  const about = `${name}: ${short(value)} times${noisy ? ', while other processes ran' : ''}`
  const fill = noisy ? `fill="${colour}" fill-opacity="0.55"` : `fill="${colour}"`
  return `<g><title>${escaped(about)}</title><circle cx="${x.toFixed(1)}" cy="${y}" r="8" ${fill}/><text x="${x.toFixed(1)}" y="${y + 4}" text-anchor="middle" font-size="10" font-weight="600" fill="#fff">${letter}</text></g>`
}

function legendOf(peers) {
  let [left, line] = [0, 0]
  const text = peers.map((peer) => {
    const [letter, colour, name] = PEERS[peer]
    const width = 34 + name.length * LETTER
    if (left > 0 && LABEL + left + width > WIDTH) {
      left = 0
      line++
    }
    const [x, y] = [LABEL + left, 36 + line * LINE]
    left += width
    return `<circle cx="${x + 8}" cy="${y}" r="8" fill="${colour}"/><text x="${x + 8}" y="${y + 4}" text-anchor="middle" font-size="10" font-weight="600" fill="#fff">${letter}</text><text x="${x + 20}" y="${y + 4}">${escaped(name)}</text>`
  })
  return { lines: line + 1, text: text.join('') }
}
