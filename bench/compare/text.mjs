import { figure, table } from '../report.mjs'

const HEADS = [
  '',
  'median ms',
  'min-max',
  'records/s',
  'MB/s',
  'Millrace is faster by',
  'cores',
  'peak RSS MB',
  'first result ms',
  'foreign',
  'answer',
]

/** The table of a workload for the terminal. */
export function textTable({ title, rows, reference }) {
  const body = rows.map((row) => {
    if (row.failure !== undefined) return [row.id, ...Array(HEADS.length - 3).fill('-'), '', 'failed']
    return [
      row.id,
      figure(row.ms.median),
      `${figure(row.ms.min)}-${figure(row.ms.max)}`,
      figure(row.recordsPerSecond),
      ...figuresOf(row, reference),
      verdict(row),
    ]
  })
  const failures = rows.filter((row) => row.failure !== undefined).map((row) => `${row.id}: ${row.failure}`)
  return [title, table(HEADS, body), ...failures, ...rows.flatMap(ladderLines)].join('\n')
}

/** The cells after the records per second, which both tables share. */
export function figuresOf(row, reference) {
  return [
    row.mbPerSecond === undefined ? '-' : figure(row.mbPerSecond),
    row.id === reference ? '1' : ratioText(row.ratio),
    figure(row.coresUsed),
    figure(row.peakRssMb),
    figure(row.firstResultMs),
    `${figure(row.foreignCores)}${row.noisy ? ' (!)' : ''}`,
  ]
}

export function verdict({ correct }) {
  if (correct === undefined) return 'not checked'
  return correct ? 'same' : 'WRONG'
}

function ratioText(ratio) {
  if (ratio === undefined) return '-'
  return `${figure(ratio.median)} (${figure(ratio.min)}-${figure(ratio.max)})`
}

function ladderLines({ id, ladder }) {
  if (ladder === undefined) return []
  const cells = ladder.map((step) => [
    `${id} every ${step.interval} ms`,
    ...['processing', 'scheduling', 'arrivalToOutput'].flatMap((name) => [
      figure(step[name]?.p50 ?? Number.NaN),
      figure(step[name]?.p99 ?? Number.NaN),
    ]),
    step.stable ? 'stable' : 'UNSTABLE',
  ])
  const heads = ['', 'processing ms p50', 'p99', 'scheduling ms p50', 'p99', 'arrival to output ms p50', 'p99', '']
  return ['', table(heads, cells)]
}
