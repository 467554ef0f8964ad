import { expect, test, vi } from 'vitest'
import { ByteWriter } from '#build/pool/blocks/byte-writer.js'
import { KeyColumn } from '#build/pool/blocks/key-column.js'
import { decodePairColumns, encodePairs } from '#build/pool/blocks/records-codec.js'
import { Changes } from '#build/pool/worker/state/changes.js'
import { makeMapOperator } from '#build/pool/worker/state/map-operator.js'
import { Pairs } from '#build/pool/worker/state/pairs.js'
import { emptyState } from '#build/pool/worker/state/store.js'
import fc from '../../support/fast-check.js'

type Pair = [key: string | number, value: number]
type State = { get(): number; getOption(): number | undefined; update(value: number): void; remove(): void }

/** Removes a key at 0, only looks at 1, otherwise counts. */
const fn = (_key: unknown, value: number, state: State) => {
  if (value === 0) state.remove()
  else if (value > 1) state.update((state.getOption() ?? 0) + value)
  return value === 0 ? 'removed' : state.getOption()
}

function columns(pairs: readonly Pair[]) {
  const w = new ByteWriter()
  encodePairs(
    w,
    pairs.map(([key]) => key),
    pairs.map(([, value]) => value),
  )
  return decodePairColumns(Buffer.from(w.bytes()))
}

/** Runs the batches. `proven`: the operator is told that the function does not read its key, and does not keep its state object. */
function run(batches: readonly Pair[][], proven: boolean) {
  const state = emptyState()
  const operator = {
    kind: 'map',
    fn: { k: 'source', text: '' },
    timed: false,
    ignoresKey: proven,
    sharesState: proven,
  } as const
  const make = makeMapOperator(operator, { resolve: () => fn } as never)
  const outputs = batches.map((pairs) => {
    const changes = new Changes(state)
    const groups = [new Pairs([columns(pairs)])]
    const output = make(state, changes, { time: 0, groups, scan: false, watermarks: undefined, late: [] })
    changes.keep(state)
    return output
  })
  return { outputs, entries: [...state.entries.entries()] }
}

const keys = fc.oneof(
  fc.integer({ min: 0, max: 8 }).map((n) => `key ${n}`),
  fc.constantFrom('a text of more than eleven units', 7),
)
const batch = fc.array(fc.tuple(keys, fc.integer({ min: 0, max: 3 })), { maxLength: 30 })

test('a function that reads no key and keeps no state object leaves the same state, whichever keys it adds and removes', () => {
  fc.assert(
    fc.property(fc.array(batch, { maxLength: 8 }), (batches) => {
      expect(run(batches, true)).toEqual(run(batches, false))
    }),
    { numRuns: 300 },
  )
})

test('keys of present records are decoded only for functions that may read them', () => {
  const decoded = vi.spyOn(KeyColumn.prototype, 'all')
  const pairs: Pair[] = Array.from({ length: 1000 }, (_, i) => [`k${i % 500}`, 2])
  run([pairs, pairs, pairs], true)
  expect(decoded).toHaveBeenCalledTimes(1)
  run([pairs, pairs, pairs], false)
  expect(decoded).toHaveBeenCalledTimes(4)
  decoded.mockRestore()
})
