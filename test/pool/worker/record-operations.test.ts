import { expect, test } from 'vitest'
import { PairColumns } from '#build/pool/blocks/pair-columns.js'
import { compileLoop, composeLoop, type ReadyStep } from '#build/pool/worker/operators/loop.js'
import { PairRecords } from '#build/pool/worker/operators/pair-records.js'
import { RECORD_OPERATIONS } from '#build/pool/worker/operators/record-operations.js'
import { outcomesOf } from '#build/pool/worker/operators/rejecting.js'
import fc from '../../support/fast-check.js'

type Op = keyof typeof RECORD_OPERATIONS
type Pair = [number, number]

/** The same records as a slice of columns. */
function inColumns(records: readonly Pair[]): PairRecords {
  const more: Pair[] = [[9, 9], ...records, [9, 9]]
  const columns = PairColumns.of(
    more.map(([key]) => key),
    more.map(([, value]) => value),
  )
  return new PairRecords(columns, true).slice(1, records.length + 1)
}

/** Throws on multiples of 7; a function with several results throws midway on multiples of 5. */
const FUNCTIONS = {
  one: (n: number) => {
    if (n % 7 === 0) throw new Error(`seven ${n}`)
    return n + 1
  },
  *several(n: number) {
    yield n
    if (n % 5 === 0) throw new Error(`five ${n}`)
    yield -n
  },
}
const ofRecord =
  (fn: (n: number) => unknown) =>
  ([, value]: Pair) =>
    fn(value)

/** What each operation does to a record, written out. */
const MODEL: Record<Op, { fn: (of: never) => unknown; outputs: (record: Pair) => unknown[] }> = {
  map: { fn: ofRecord(FUNCTIONS.one), outputs: ([, v]) => [FUNCTIONS.one(v)] },
  keyBy: { fn: ofRecord(FUNCTIONS.one), outputs: (record) => [[FUNCTIONS.one(record[1]), record]] },
  filter: {
    fn: ofRecord((n) => FUNCTIONS.one(n) % 2 === 0),
    outputs: (record) => (FUNCTIONS.one(record[1]) % 2 === 0 ? [record] : []),
  },
  flatMap: { fn: ofRecord(FUNCTIONS.several), outputs: ([, v]) => [...FUNCTIONS.several(v)] },
  mapValues: { fn: FUNCTIONS.one, outputs: ([k, v]) => [[k, FUNCTIONS.one(v)]] },
  flatMapValues: { fn: FUNCTIONS.several, outputs: ([k, v]) => [...FUNCTIONS.several(v)].map((each) => [k, each]) },
}

function run(
  step: ReadyStep,
  records: Iterable<unknown>,
  make: (steps: ReadyStep[]) => ReturnType<typeof composeLoop>,
) {
  const outputs: unknown[] = []
  const rejected: unknown[] = []
  const rejects = { add: (slot: number, label: string, record: unknown) => rejected.push([slot, label, record]) }
  const meter = { status: new Int32Array(8), failedAt: undefined, failedOn: undefined, rejects } as never
  let thrown: unknown
  try {
    make([step])(records, (output) => outputs.push(output), meter)
  } catch (error) {
    thrown = (error as Error).message
  }
  const { failedAt, failedOn } = meter as { failedAt?: string; failedOn?: { record: unknown } }
  return { outputs, rejected, thrown, failedAt, failedOn: failedOn?.record }
}

const pairs = fc.array(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.integer({ min: 1, max: 40 })), { maxLength: 40 })

for (const [form, make] of [
  ['compiled', compileLoop],
  ['composed', composeLoop],
] as const) {
  test.each(Object.keys(RECORD_OPERATIONS) as Op[])(`${form} %s does what its model does`, (op) => {
    const { fn, outputs } = MODEL[op]
    const step = { op, fn, label: 'step' } as ReadyStep
    fc.assert(
      fc.property(pairs, (records) => {
        const good: unknown[] = []
        const wrong: Pair[] = []
        for (const record of records) {
          try {
            good.push(...outputs(record))
          } catch {
            wrong.push(record)
          }
        }
        const bare = run(step, records, make)
        expect(bare.failedOn).toEqual(wrong[0])
        expect(bare.failedAt).toBe(wrong.length > 0 ? 'step' : undefined)
        if (wrong.length === 0) expect(bare.outputs).toEqual(good)
        expect(run(step, inColumns(records), make)).toEqual(bare)

        const rejected = wrong.map((record) => [3, 'step', record])
        expect(run({ ...step, rejects: 3 }, records, make)).toMatchObject({
          outputs: good,
          rejected,
          thrown: undefined,
        })

        const reporting = outcomesOf({ op, fn: fn as never, label: 'step', rejects: 3 })
        const reported = run({ op: 'outcomes', fn: reporting, label: 'step' }, records, make)
        expect(reported.rejected).toEqual(rejected)
        const outcomes = reported.outputs as [unknown, { record: unknown }?][]
        expect(outcomes.filter(({ length }) => length === 1).map(([output]) => output)).toEqual(good)
        expect(outcomes.flatMap(([, letter]) => (letter ? [letter.record] : []))).toEqual(wrong)
      }),
      { numRuns: 100 },
    )
  })

  test(`a step after a rejecting one fails the task with its own error, ${form}`, () => {
    const steps: ReadyStep[] = [
      { op: 'map', fn: (n: number) => n + 1, label: 'first', rejects: 3 },
      {
        op: 'map',
        fn: () => {
          throw new Error('second')
        },
        label: 'second',
      },
    ]
    const { thrown, failedAt, rejected } = run(steps[0]!, [1], () => make(steps))
    expect({ thrown, failedAt, rejected }).toEqual({ thrown: 'second', failedAt: 'second', rejected: [] })
  })
}
