import { Context, type RDD } from 'millrace'
import { afterAll, describe, expect, test } from 'vitest'
import { expectBag } from '../../support/compare.js'
import fc from '../../support/fast-check.js'
import { KEYS, normal, type Pair, pairsOf, stepsFor } from '../mixed-steps.js'

const RUNS = Number(process.env.FUZZ_RUNS ?? 30)
/** Steps can multiply records: a list beyond this has nothing more to show. */
const MOST = 3000

describe('random pipelines on keys and values of any kind', () => {
  const compiled = new Context({ threads: 2, spare: false })
  const composed = new Context({ threads: 2, spare: false, codegen: false })
  afterAll(async () => {
    await compiled.stop()
    await composed.stop()
  })

  test.each(Object.entries(KEYS))('keys are %s', { timeout: 600_000 + 4000 * RUNS }, async (kind, key) => {
    const data = pairsOf(key, 25)
    const partitions = fc.integer({ min: 1, max: 5 })
    const given = fc.record({
      left: data,
      right: data,
      partitions: fc.tuple(partitions, partitions),
      chosen: fc.array(fc.record({ step: fc.constantFrom(...stepsFor(kind)), partitions }), {
        minLength: 1,
        maxLength: 7,
      }),
    })
    await fc.assert(
      fc.asyncProperty(given, async ({ left, right, partitions: [p, q], chosen }) => {
        let expected: Pair[] = left
        for (const { step } of chosen) {
          expected = step.model(expected, right)
          if (expected.length > MOST) return
        }
        for (const ctx of [compiled, composed]) {
          const other = ctx.parallelize<Pair>(right, q)
          const rdd = chosen.reduce(
            (made, { step, partitions: n }) => step.run(made, other, n),
            ctx.parallelize<Pair>(left, p) as RDD<Pair>,
          )
          const actual = await rdd.collect()
          expectBag(actual.map(normal), expected.map(normal))
          expect(await rdd.count()).toBe(actual.length)
          expect(await rdd.collect()).toStrictEqual(actual)
        }
      }),
      { numRuns: RUNS },
    )
  })
})
