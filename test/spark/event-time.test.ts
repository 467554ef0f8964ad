import type { KeyedWindowResult } from 'millrace'
import { runBatches } from 'millrace/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { hasService } from '../services/service.js'
import { buildBridge, onSpark } from '../services/spark.js'
import { batches, events, LATE, placed, shape, texts } from '../support/event-time-cases.js'
import { fixedCounts, type Given, sessionResults, watermarks } from '../support/event-time-model.js'
import fc from '../support/fast-check.js'
import { processesBelow } from './processes.js'

const KILLED_AFTER = 4
const bound = fc.constantFrom(0, 15, 60)
const example = { made: LATE, bound: 0, shape: { size: 5, slide: 5, lateness: 0 }, gap: 5 }
/** They share a context, whose start takes seconds. */
const cases = [
  example,
  ...fc.sample(fc.record({ made: batches, bound, shape, gap: fc.integer({ min: 1, max: 30 }) }), {
    numRuns: 4,
    seed: Number(process.env.SEED ?? 1),
  }),
].map((each) => ({ ...each, data: placed(each.made) }))

describe.runIf(hasService('spark'))('event time on Spark', () => {
  beforeAll(buildBridge)

  test('gives what a model gives, whatever the order of records, when all Node processes are killed', async () => {
    let killed = 0
    const out = (await runBatches(
      (ssc, ...streams) => {
        ssc.on('batchCompleted', ({ time }) => {
          if (time !== KILLED_AFTER * 1000) return
          for (const { pid, command } of processesBelow(process.pid)) {
            if (command.includes('millrace-worker')) killed += Number(process.kill(pid, 'SIGKILL'))
          }
        })
        const made = cases.flatMap(({ bound: maxOutOfOrder, shape: { size, slide, lateness }, gap }, i) => {
          const timed = streams[i]!.withTimestamps(([, time]) => time, { maxOutOfOrder })
          const counts = timed.sliding(size, slide, { allowedLateness: lateness }).countByKey()
          const sessions = timed.session(gap, { allowedLateness: lateness }).countByKey()
          return [
            [`counts ${i}`, counts],
            [`late ${i}`, counts.lateRecords()],
            [`sessions ${i}`, sessions],
          ]
        })
        return Object.fromEntries(made)
      },
      cases.map(({ data }) => data),
      { ...onSpark('local[2]'), partitions: 2, stateSnapshotInterval: 2 },
    )) as Record<string, { readonly records: never[] }[]>
    expect(killed).toBeGreaterThan(0)
    let late = 0
    cases.forEach(({ data, bound: maxOutOfOrder, shape: of, gap }, i) => {
      const marks = watermarks(data, maxOutOfOrder)
      const given = (name: string): Given[] =>
        data.map((_, at) => ({
          results: texts(out[`${name} ${i}`]![at]!.records as KeyedWindowResult<string, number>[]),
          late: events(out[`late ${i}`]![at]!.records),
        }))
      expect(given('counts')).toEqual(fixedCounts(data, marks, of))
      expect(given('sessions').map(({ results }) => results)).toEqual(
        sessionResults(data, marks, gap, of.lateness).map(({ results }) => results),
      )
      late += given('counts').flatMap((batch) => batch.late).length
    })
    expect(late).toBeGreaterThan(0)
  })
})
