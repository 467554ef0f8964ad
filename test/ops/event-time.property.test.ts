import { runBatches } from 'millrace/testing'
import { expect, test } from 'vitest'
import { batches, events, LATE, placed, shape, texts } from '../support/event-time-cases.js'
import { type Event, fixedCounts, type Given, joined, sessionResults, watermarks } from '../support/event-time-model.js'
import fc from '../support/fast-check.js'

const runs = fc.record({
  threads: fc.integer({ min: 1, max: 2 }),
  partitions: fc.integer({ min: 1, max: 3 }),
  stateSnapshotInterval: fc.integer({ min: 1, max: 4 }),
  kills: fc.array(fc.option(fc.nat(1), { nil: undefined, freq: 2 }), { minLength: 10, maxLength: 10 }),
})

type Run = typeof runs extends fc.Arbitrary<infer R> ? R : never
const options = ({ kills, ...rest }: Run) => ({ ...rest, kill: (batch: number) => kills[batch - 1] })

const KILLED: Run = { threads: 2, partitions: 2, stateSnapshotInterval: 2, kills: Array(10).fill(1) }

const PARAMETERS = { numRuns: 12, endOnFailure: true }

test('windows of any size and slide, whatever the order of records and whoever is killed', {
  timeout: 600_000,
}, async () => {
  let late = 0
  await fc.assert(
    fc.asyncProperty(
      batches,
      shape,
      fc.constantFrom(0, 15, 60),
      runs,
      async (made, { size, slide, lateness }, bound, run) => {
        const data = placed(made)
        const out = await runBatches(
          (_, stream) => {
            const counts = stream
              .withTimestamps(([, time]) => time, { maxOutOfOrder: bound })
              .sliding(size, slide, { allowedLateness: lateness })
              .countByKey()
            return { counts, late: counts.lateRecords() }
          },
          [data],
          options(run),
        )
        const got = out.counts.map(
          ({ records }, i): Given => ({ results: texts(records), late: events(out.late[i]!.records) }),
        )
        expect(got).toEqual(fixedCounts(data, watermarks(data, bound), { size, slide, lateness }))
        late += out.late.flatMap(({ records }) => records).length
      },
    ),
    { ...PARAMETERS, examples: [[LATE, { size: 5, slide: 5, lateness: 0 }, 0, KILLED]] },
  )
  expect(late).toBeGreaterThan(0)
})

test('sessions that grow, meet and end, whatever the order of records and whoever is killed', {
  timeout: 600_000,
}, async () => {
  let late = 0
  await fc.assert(
    fc.asyncProperty(
      batches,
      fc.integer({ min: 1, max: 30 }),
      fc.constantFrom(0, 0, 15),
      fc.constantFrom(0, 10, 30),
      runs,
      async (made, gap, lateness, bound, run) => {
        const data = placed(made)
        const out = await runBatches(
          (_, stream) => {
            const counts = stream
              .withTimestamps(([, time]) => time, { maxOutOfOrder: bound })
              .session(gap, { allowedLateness: lateness })
              .countByKey()
            return { counts, late: counts.lateRecords() }
          },
          [data],
          options(run),
        )
        const got = out.counts.map(
          ({ records }, i): Given => ({ results: texts(records), late: events(out.late[i]!.records) }),
        )
        expect(got).toEqual(sessionResults(data, watermarks(data, bound), gap, lateness))
        late += out.late.flatMap(({ records }) => records).length
      },
    ),
    { ...PARAMETERS, examples: [[LATE, 5, 0, 0, KILLED]] },
  )
  expect(late).toBeGreaterThan(0)
})

/** Many records of few keys in a batch: runs that touch within a partition, between partitions, and in stored state. */
const crowded = fc.array(fc.array(fc.tuple(fc.constantFrom('a', 'b'), fc.nat(120)), { maxLength: 30 }), {
  minLength: 2,
  maxLength: 6,
})

test('sessions that are combined where they are read are those of all records, each in one, once', {
  timeout: 600_000,
}, async () => {
  const seen = { late: 0, grown: 0 }
  await fc.assert(
    fc.asyncProperty(
      crowded,
      fc.integer({ min: 1, max: 40 }),
      fc.constantFrom(0, 0, 0, 15, 50),
      fc.constantFrom(0, 0, 10, 30),
      fc.record({ threads: fc.integer({ min: 1, max: 2 }), partitions: fc.integer({ min: 1, max: 5 }) }),
      async (made, gap, lateness, bound, run) => {
        const data = placed(made)
        const out = await runBatches(
          (_, stream) => {
            const windows = stream
              .withTimestamps(([, time]) => time, { maxOutOfOrder: bound })
              .session(gap, { allowedLateness: lateness })
            const timed = stream
              .map(([key, time]): [string, number[]] => [key, [time]])
              .withTimestamps(([, [time]]) => time!, { maxOutOfOrder: bound })
              .session(gap, { allowedLateness: lateness })
            // Accumulators that are changed in place, and such as are not.
            const lists = windows.aggregateByKey(
              [] as number[],
              (times, time) => {
                times.push(time)
                return times
              },
              (times, more) => {
                times.push(...more)
                return times
              },
            )
            const reduced = timed.reduceByKey((times, more) => [...times, ...more])
            const groups = windows.groupByKey()
            const whole = windows.aggregate(
              0,
              (sum, [, time]) => sum + time,
              (a, b) => a + b,
            )
            return { lists, reduced, groups, whole, late: lists.lateRecords(), lateLists: reduced.lateRecords() }
          },
          [data],
          run,
        )
        const show = (times: readonly number[]) => [...times].sort((a, b) => a - b).join(',')
        const marks = watermarks(data, bound)
        const wanted = sessionResults(data, marks, gap, lateness, show)
        for (const name of ['lists', 'reduced', 'groups'] as const) {
          const got = out[name].map(({ records }, i): Given => {
            const results = records.map(
              ({ window, key, value }) => `${key} ${window.start} ${window.end} ${show(value)}`,
            )
            return { results: results.sort(), late: events(out.late[i]!.records) }
          })
          expect(got).toEqual(wanted)
        }
        // Late records are reported one by one, with their values.
        for (const [i, { records }] of out.lateLists.entries()) {
          expect(records.map(([time, [key, value]]) => [key, time, value]).sort()).toEqual(
            wanted[i]!.late.map(([key, time]) => [key, time, [time]]).sort(),
          )
        }
        const together = data.map((batch) => batch.map(([, time]): Event => ['', time]))
        expect(
          out.whole.map(({ records }) =>
            records.map(({ window, value }) => ` ${window.start} ${window.end} ${value}`).sort(),
          ),
        ).toEqual(
          sessionResults(together, marks, gap, lateness, (times) => times.reduce((a, b) => a + b, 0)).map(
            ({ results }) => results,
          ),
        )
        seen.late += out.late.flatMap(({ records }) => records).length
        seen.grown += wanted.flatMap(({ results }) => results).filter((text) => text.includes(',')).length
      },
    ),
    { numRuns: 25, endOnFailure: true, examples: [[LATE, 5, 0, 0, { threads: 2, partitions: 3 }]] },
  )
  expect(seen.late).toBeGreaterThan(0)
  expect(seen.grown).toBeGreaterThan(0)
})

test('joins with any bounds, whatever the order of records and whoever is killed', async () => {
  const bounds = fc.tuple(fc.integer({ min: -30, max: 30 }), fc.integer({ min: 0, max: 40 }))
  let late = 0
  let alone = 0
  await fc.assert(
    fc.asyncProperty(
      batches,
      batches,
      bounds,
      fc.constantFrom(0, 15),
      runs,
      async (mine, theirs, [lower, width], bound, run) => {
        const upper = lower + width
        const length = Math.max(mine.length, theirs.length)
        const [left, right] = [mine, theirs].map((made) => placed(Array.from({ length }, (_, i) => made[i] ?? [])))
        const out = await runBatches(
          (_, a, b) => {
            const [l, r] = [a, b].map((s) => s!.withTimestamps(([, time]) => time, { maxOutOfOrder: bound }))
            const pairs = l!.fullOuterJoinWithin(r!, { lower, upper })
            return { pairs, late: pairs.lateRecords() }
          },
          [left!, right!],
          options(run),
        )
        const got = out.pairs.map(
          ({ records }, i): Given => ({
            results: records.map(([key, [l, r]]) => `${key} ${l ?? '-'} ${r ?? '-'}`).sort(),
            late: events(out.late[i]!.records),
          }),
        )
        expect(got).toEqual(joined(left!, right!, bound, lower, upper))
        late += out.late.flatMap(({ records }) => records).length
        alone += got.flatMap(({ results }) => results).filter((text) => text.includes('-')).length
      },
    ),
    { ...PARAMETERS, examples: [[LATE, LATE.slice(0, 4), [-5, 3], 0, KILLED]] },
  )
  expect(late).toBeGreaterThan(0)
  expect(alone).toBeGreaterThan(0)
})
