import { isMillrace, peerOf } from '../compare/ids.mjs'
import { ratios } from '../stats.mjs'
import { document, INK, OURS } from './panels.mjs'
import { escaped, logScale, short, ticks } from './scales.mjs'

/** Each peer has a letter as well as a colour. */
const PEERS = {
  spark: ['S', '#c2410c', 'Spark DStreams'],
  'spark-sql': ['Q', '#b45309', 'Spark SQL'],
  'spark-structured': ['U', '#a16207', 'Structured Streaming'],
  flink: ['F', '#be185d', 'Flink'],
  polars: ['P', '#1d4ed8', 'polars'],
  duckdb: ['D', '#6d28d9', 'DuckDB'],
  timely: ['T', '#0e7490', 'timely dataflow'],
  rust: ['R', '#4d7c0f', 'Rust by hand'],
  node: ['N', '#57606a', 'Node loop, one thread'],
}
const [WIDTH, LABEL, ROW, TOP] = [720, 130, 26, 58]

/**
 * Draws a run of `compare`: a row for each workload, a dot for each peer at its time as a multiple of Millrace's. Of peers and
 * of Millrace the fastest form counts. Other peers, and answers that are wrong, are left out.
 */
export function peersPlot({ machine, workloads, at }) {
  const rows = workloads.map(rowOf).filter(({ dots }) => dots.length > 0)
  if (rows.length === 0) throw new Error('The run has no workload with a peer of which the plot knows the name.')
  const values = rows.flatMap(({ dots }) => dots.map(({ value }) => value))
  const [low, high] = [Math.min(0.5, ...values) / 1.2, Math.max(2, ...values) * 1.2]
  const x = logScale([low, high], LABEL, WIDTH - 20)
  const bottom = TOP + rows.length * ROW
  const grid = ticks(low, high).map(
    (value) =>
      `<line x1="${x(value).toFixed(1)}" x2="${x(value).toFixed(1)}" y1="${TOP}" y2="${bottom}" stroke="${INK}" stroke-opacity="0.25"/>` +
      `<text x="${x(value).toFixed(1)}" y="${bottom + 16}" text-anchor="middle">${short(value)}</text>`,
  )
  const one = `<line x1="${x(1).toFixed(1)}" x2="${x(1).toFixed(1)}" y1="${TOP}" y2="${bottom}" stroke="${OURS}" stroke-width="2"/>`
  const drawn = rows.map(({ name, dots }, i) => {
    const y = TOP + i * ROW + ROW / 2
    const label = `<text x="${LABEL - 12}" y="${y + 4}" text-anchor="end">${escaped(name)}</text>`
    return label + dots.map((dot) => drawDot(dot, x(dot.value), y)).join('')
  })
  const used = Object.keys(PEERS).filter((peer) => rows.some(({ dots }) => dots.some((dot) => dot.peer === peer)))
  const title = `Time as a multiple of Millrace's: right of the line Millrace is faster. ${machine.cores} cores, Node ${machine.node}, ${at.slice(0, 10)}`
  const heading = `<text x="${LABEL}" y="16" font-weight="600">Time as a multiple of Millrace’s: right of the line Millrace is faster</text>`
  return document(title, WIDTH, bottom + 24, [heading, legend(used), ...grid, one, ...drawn].join('\n'))
}

function rowOf({ name, rows }) {
  const good = rows.filter(({ failure, correct }) => failure === undefined && correct !== false)
  const ours = fastest(good.filter(({ id }) => isMillrace(id) && !peerOf(id).endsWith('-lts')))
  if (ours === undefined) return { name, dots: [] }
  const dots = Object.keys(PEERS).flatMap((peer) => {
    const its = fastest(good.filter(({ id }) => peerOf(id) === peer))
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

function legend(peers) {
  let left = LABEL
  return peers
    .map((peer) => {
      const [letter, colour, name] = PEERS[peer]
      const at = left
      left += 26 + name.length * 6.6
      return `<circle cx="${at + 8}" cy="36" r="8" fill="${colour}"/><text x="${at + 8}" y="40" text-anchor="middle" font-size="10" font-weight="600" fill="#fff">${letter}</text><text x="${at + 20}" y="40">${escaped(name)}</text>`
    })
    .join('')
}
