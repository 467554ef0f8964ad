import { expect, test } from 'vitest'
import { withMeaning } from '#build/ops/functions/meaning/meaning.js'
import { KeyColumn } from '#build/pool/blocks/key-column.js'
import { PairColumns } from '#build/pool/blocks/pair-columns.js'
import { ignoresKey } from '#build/pool/kernels/meaning-of.js'
import { compileLoop, type ReadyStep } from '#build/pool/worker/operators/loop.js'
import { PairRecords } from '#build/pool/worker/operators/pair-records.js'

type Op = 'map' | 'filter' | 'flatMap' | 'mapValues'

function step(op: Op, fn: (of: never) => unknown): ReadyStep & { ignoresKey: boolean } {
  const ref = withMeaning({ k: 'source', text: String(fn) }, fn)
  return { op, fn: fn as never, label: op, ignoresKey: ignoresKey({ op, fn: ref, label: op }) }
}

/** A hundred pairs, and how often their keys were decoded. */
function pairs({ omitsKeys = true } = {}) {
  const decoded = { times: 0 }
  const numbers = Array.from({ length: 100 }, (_, i) => i)
  const keys = KeyColumn.lazy(numbers.length, () => {
    decoded.times++
    return numbers.map((n) => `k${n}`)
  })
  return { records: new PairRecords(PairColumns.ofColumn(keys, numbers), omitsKeys), decoded }
}

function run(steps: ReadyStep[], records: PairRecords) {
  const out: unknown[] = []
  const meter = { status: new Int32Array(8), failedAt: undefined, failedOn: undefined }
  let thrown: unknown
  try {
    compileLoop(steps)(records, (value) => out.push(value), meter as never)
  } catch (error) {
    thrown = error
  }
  return { out, thrown, failedOn: meter.failedOn as unknown }
}

const values = step('map', ([, value]: [string, number]) => value)

test.each([
  ['a pattern', [values]],
  ['an index', [step('map', (pair: [string, number]) => pair[1] + 1)]],
  ['mapValues before', [step('mapValues', (value: number) => value * 2), values]],
  ['a filter before', [step('filter', ([, value]: [string, number]) => value > 3), values]],
  ['an object', [step('map', ([, value]: [string, number]) => ({ value }))]],
])('keys are not decoded for functions that do not read them: %s', (_, steps) => {
  const { records, decoded } = pairs()
  const { out } = run(steps, records)
  expect(decoded.times).toBe(0)
  expect(out).toEqual(run(steps, pairs({ omitsKeys: false }).records).out)
  expect(out.length).toBeGreaterThan(90)
})

test.each([
  ['the record', step('map', (pair: unknown) => ({ pair }))],
  ['the key', step('map', ([key]: [string]) => key)],
  ['the key by an index', step('map', (pair: [string]) => pair[0])],
  ['its number of items', step('map', (pair: unknown[]) => pair.length)],
  ['the key in a condition', step('filter', ([key, value]: [string, number]) => value > 3 && key !== 'k4')],
  ['an unknown part', step('map', ([, value]: [string, number]) => [value].at(0))],
  ['the record after a filter', step('filter', ([, value]: [string, number]) => value > 3)],
  ['the pair after mapValues', step('mapValues', (value: number) => value + 1)],
])('keys are decoded once for functions that may read %s', (_, of) => {
  const { records, decoded } = pairs()
  const { out } = run([of], records)
  expect(decoded.times).toBe(1)
  expect(out).toEqual(run([of], pairs({ omitsKeys: false }).records).out)
})

test('an error names its whole record', () => {
  const { records } = pairs()
  const fails = { ...values, fn: (([, value]: [string, number]) => (value < 50 ? value : undefined!.at(0))) as never }
  expect(run([fails], records).failedOn).toEqual({ record: ['k50', 50] })
})

test('keys are decoded if built-in objects may tell a function that there are none', () => {
  const { records, decoded } = pairs({ omitsKeys: false })
  run([values], records)
  expect(decoded.times).toBe(1)
})
