import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { CASES, casesOf } from '../conformance/conformance.mjs'
import { hasService } from '../services/service.js'
import { buildBridge, onSpark } from '../services/spark.js'
import { canShare, observeTogether, shared } from './together.js'

const { cases, close } = casesOf(CASES)
const streams = cases.filter(({ given }) => given.runBatches !== undefined)
const options = onSpark('local[2]')
/** `npm run test:spark` runs all; otherwise those of few batches, without restarts and the ones that need a context each. */
const isLong = process.env.MILLRACE_SPARK_KILLS !== undefined
const isShort = ({ runBatches, recovery }: { runBatches: number; recovery?: object }) => runBatches <= 8 && !recovery
const groups = shared(streams).filter(([first]) => isLong || isShort(first!.given))
const alone = streams.filter((each) => !canShare(each) && (isLong || each.id === 'model-slices'))

describe.runIf(hasService('spark'))('cases of streams on Spark', () => {
  beforeAll(buildBridge)
  afterAll(close)

  describe.each(groups.map((group, i) => [`group ${i}`, group] as const))('%s', (_, group) => {
    const observed = new Map<string, object>()
    beforeAll(async () => {
      for (const [id, outputs] of await observeTogether(group, { threads: 2, ...options })) observed.set(id, outputs)
    })

    test.each(group)('$id', ({ id, judge }) => judge(observed.get(id)))
  })

  test.each(alone)('$id: $name', async ({ run }) => {
    await run({ name: 'Spark', threads: 2, options })
  })

  test('are most cases', () => expect(streams.length).toBeGreaterThan(62))
})
