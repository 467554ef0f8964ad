import type { Timeline } from '../measures.js'
import type { StressReport } from '../report.js'
import { AREA, chart, escaped, round, type Scale, scale } from './svg.js'

const bottom = AREA.top + AREA.height

/** Draws the time from when each batch was due until it was complete, and a line for each kill, coloured by mode. */
export function batchChart({ pipeline, timeline }: StressReport): string {
  const { batches, kills } = timeline
  const x = seconds(timeline)
  const y = scale(Math.max(0, ...batches.map(({ due, completed }) => completed - due)), AREA.height)
  const path = batches.map(({ due, completed }, i) => {
    const at = `${round(AREA.left + x.at(due / 1000))} ${round(bottom - y.at(completed - due))}`
    return `${i === 0 ? 'M' : 'L'}${at}`
  })
  const lines = kills.map(({ at, mode, threads }) => {
    const px = round(AREA.left + x.at(at / 1000))
    const title = `${mode}, ${threads} threads, after ${(at / 1000).toFixed(2)} s`
    return `<line class="kill ${mode}" x1="${px}" x2="${px}" y1="${AREA.top}" y2="${bottom}"><title>${escaped(title)}</title></line>`
  })
  const marks = `${lines.join('\n')}\n<path class="batches" d="${path.join('')}"/>`
  return chart(`Batch times of ${pipeline}`, x, y, 's', 'batch time, ms', marks)
}

/** Draws each recovery's duration at the moment of its kill. */
export function recoveryChart({ pipeline, mode, timeline }: StressReport): string {
  const { recoveries } = timeline
  const x = seconds(timeline)
  const y = scale(Math.max(0, ...recoveries.map(({ ms }) => ms)), AREA.height)
  const dots = recoveries.map(({ at, ms }) => {
    const place = `cx="${round(AREA.left + x.at(at / 1000))}" cy="${round(bottom - y.at(ms))}"`
    return `<circle class="recovery ${mode}" ${place} r="3"><title>${escaped(`${ms} ms`)}</title></circle>`
  })
  return chart(`Recovery times of ${pipeline}`, x, y, 's', 'recovery, ms', dots.join('\n'))
}

function seconds({ batches, kills }: Timeline): Scale {
  const last = Math.max(0, ...batches.map(({ completed }) => completed), ...kills.map(({ at }) => at))
  return scale(last / 1000, AREA.width)
}
