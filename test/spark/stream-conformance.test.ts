import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CASES, casesOf } from '../conformance/conformance.mjs'
import { hasService } from '../services/service.js'
import { buildBridge, onSpark } from '../services/spark.js'
import { canShare, observeTogether, shared } from './together.js'

const { cases, close } = casesOf(CASES)
const names = (given: object): string => JSON.stringify(given)
/** Streams of the cases that only threads have. */
const REFUSED = /"updateStateByKey"|"mapWithState"|"inverse"|"recovery"/
const streams = cases.filter(({ given }) => given.runBatches !== undefined && !REFUSED.test(names(given)))
const options = onSpark('local[2]')

describe.runIf(hasService('spark'))('cases of streams on Spark', () => {
  beforeAll(buildBridge)
  afterAll(close)

  describe.each(shared(streams).map((group) => [`${group[0]!.given.batchMs} ms`, group] as const))('%s', (_, group) => {
    const observed = new Map<string, object>()
    beforeAll(async () => {
      for (const [id, outputs] of await observeTogether(group, { threads: 2, ...options })) observed.set(id, outputs)
    })

    test.each(group)('$id', ({ id, judge }) => judge(observed.get(id)))
  })

  test.each(streams.filter((each) => !canShare(each)))('$id: $name', async ({ run }) => {
    await run({ name: 'Spark', threads: 2, options })
  })

  test('are most cases without state', () => expect(streams.length).toBeGreaterThan(30))
})
