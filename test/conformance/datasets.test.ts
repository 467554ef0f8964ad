import fc from 'fast-check'
import { ArgumentError, Context, type RDD, StateError, TaskFailedError } from 'millrace'
import { afterAll, describe, expect, test } from 'vitest'
import { expectBag } from '../support/compare.js'
import { asWritten, type CaseStep, type DatasetCase, datasetCases } from './cases.js'
import { actions, datasetOperators, missingOf, sourceOf } from './dataset-ops.js'
import { DIFFERENT, WORDING } from './not-yet.js'

const ERRORS: Readonly<Record<string, new (...args: never[]) => Error>> = {
  argument: ArgumentError,
  state: StateError,
  task: TaskFailedError,
}

// biome-ignore lint/suspicious/noExplicitAny: cases are typed by their data
type AnyRdd = RDD<any>

function build(ctx: Context, { rdds, op }: DatasetCase): AnyRdd {
  const sources = rdds.map((source) => sourceOf(ctx, source))
  const apply = (from: AnyRdd, steps: readonly CaseStep[]): AnyRdd =>
    steps.reduce((rdd, step) => {
      const other = () => apply(sources[step.other as number]!, step.otherSteps ?? [])
      return datasetOperators[step.op]!(rdd, step, other) as AnyRdd
    }, from)
  return apply(sources[0]!, op)
}

/** Compares as the case says: in order or not, exactly or within its tolerance; null stands for what is not asserted. */
function compare(answer: unknown, { expected, ordered, tolerance }: DatasetCase): void {
  if (tolerance === undefined) {
    if (ordered) expect(answer).toStrictEqual(expected)
    else expectBag(answer as unknown[], expected as unknown[])
    return
  }
  if (typeof expected === 'number') {
    expect(Math.abs((answer as number) - expected)).toBeLessThan(tolerance)
    return
  }
  for (const [name, list] of Object.entries(expected as Record<string, number[] | null>)) {
    const actual = (answer as Record<string, number[]>)[name]!
    if (list) expect(actual).toHaveLength(list.length)
    list?.forEach((value, i) => expect(Math.abs(actual[i]! - value)).toBeLessThan(tolerance))
  }
}

/** Properties of an answer and its dataset. All that a case names are known here. */
async function checkProperties(
  rdd: AnyRdd,
  answer: unknown,
  properties: Readonly<Record<string, unknown>>,
): Promise<void> {
  const list = answer as number[]
  const sizes = await rdd.mapPartitions((records) => [[...records].length]).collect()
  const known: Readonly<Record<string, (value: never) => void>> = {
    numPartitions: (n: number) => expect(sizes).toHaveLength(n),
    nonEmptyPartitions: (of: number[]) => {
      for (const p of of) expect(sizes[p]).toBeGreaterThan(0)
    },
    allPartitionsNonEmpty: () => expect(Math.min(...sizes)).toBeGreaterThan(0),
    count: (n: number) => expect(list).toHaveLength(n),
    distinct: () => expect(new Set(list).size).toBe(list.length),
    range: ([from, to]: [number, number]) => {
      for (const x of list) expect(x >= from && x <= to).toBe(true)
    },
    parts: (n: number) => expect(answer).toHaveLength(n),
    unionEquals: (n: number) =>
      expectBag(
        (answer as number[][]).flat(),
        Array.from({ length: n }, (_, i) => i + 1),
      ),
    partSizes: (limits: [number, number][]) =>
      limits.forEach(([least, most], i) => {
        const size = (answer as number[][])[i]!.length
        expect(size >= least && size <= most).toBe(true)
      }),
  }
  for (const [name, value] of Object.entries(properties)) known[name]!(value as never)
}

async function check(ctx: Context, given: DatasetCase): Promise<void> {
  const rdd = build(ctx, given)
  const answer = asWritten(await actions[given.action.op]!(rdd, given.action))
  expect(given.expected ?? given.expectProps).toBeDefined()
  if (given.expected !== undefined) compare(answer, given)
  await checkProperties(rdd, answer, given.expectProps ?? {})
  // The steps up to the cache are the input of what follows; computing the whole must not have changed what is kept.
  if (given.thenInputUnchanged) {
    const kept = given.op.slice(0, given.op.findIndex(({ op }) => op === 'cache') + 1)
    const input = build(ctx, { ...given, op: kept })
    await actions.collect!(applied(input, given.op.slice(kept.length)), {})
    expect(await input.collect()).toStrictEqual(given.thenInputUnchanged)
  }
}

/** Steps that need no other dataset. */
const applied = (rdd: AnyRdd, steps: readonly CaseStep[]): AnyRdd =>
  steps.reduce((made, step) => datasetOperators[step.op]!(made, step, () => made) as AnyRdd, rdd)

/** Given with SEED, or new each time: it is in the name of every test that it decides. */
const seed = Number(process.env.SEED ?? Date.now() % 100_000)

const runnable = datasetCases.filter((given) => missingOf(given).length === 0 && !(given.id in DIFFERENT))

describe('dataset cases', () => {
  describe.each([1, 2])('%i threads', (threads) => {
    const ctx = new Context({ threads, spare: false })
    afterAll(() => ctx.stop())

    test.each(runnable.filter((given) => !given.expectError))('$id: $name', (given) => check(ctx, given))

    test.each(runnable.filter((given) => given.expectError))(
      '$id: $name',
      async ({ expectError, action, ...given }) => {
        await using own = new Context({ threads, spare: false })
        const failing = async () => {
          const rdd = build(own, { ...given, action })
          if (action.afterStop) await own.stop()
          return actions[action.op]!(rdd, action)
        }
        const error = await failing().catch((e: unknown) => e)
        const { kind, contains = '' } = expectError!
        expect(error).toBeInstanceOf(ERRORS[kind])
        expect((error as Error).message).toContain(WORDING[contains] ?? contains)
      },
    )
  })

  describe(`2 threads, one killed while the case runs (SEED=${seed})`, () => {
    const ctx = new Context({ threads: 2 })
    afterAll(() => ctx.stop())

    test.each(runnable.filter((given) => !given.expectError))('$id: $name', async (given) => {
      await ctx.start()
      const slot = fc.sample(fc.nat({ max: 1 }), { seed: seed + given.id.length, numRuns: 1 })[0]!
      const thread = ctx.engine.pool!.ready().find((ready) => ready.slot === slot)
      const checked = check(ctx, given)
      await Promise.all([checked, thread?.worker.terminate()])
      // The next case begins with both threads.
      await ctx.engine.pool!.whenStrong()
    })
  })

  test('those that differ on purpose still do', async () => {
    await using ctx = new Context({ threads: 2, spare: false })
    for (const given of datasetCases.filter(({ id }) => id in DIFFERENT)) {
      await expect(check(ctx, given)).rejects.toThrow(/expected/)
    }
  })
})
