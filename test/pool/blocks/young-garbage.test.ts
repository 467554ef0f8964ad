import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { describe, expect, test } from 'vitest'
import { extendContext } from '#build/ops/task-context.js'
import { ByteWriter } from '#build/pool/blocks/byte-writer.js'
import { encodePairs, encodeRecords } from '#build/pool/blocks/records-codec.js'

const ROUNDS = 200
/** Two fields of eight bytes. */
const ROUND_BYTES = 16 * 1000

setFlagsFromString('--expose-gc')
const gc = runInNewContext('gc') as (options?: { type: 'minor' }) => void

/** What collections of the young generation leave of many rounds, as a share of what the rounds used. */
function left(round: (values: number[]) => void): number {
  const values = () => Array.from({ length: 1000 }, (_, i) => i + 0.5)
  for (let i = 0; i < 10; i++) round(values())
  gc()
  const before = process.memoryUsage().heapUsed
  for (let i = 0; i < ROUNDS; i++) {
    round(values())
    // What survives the first goes to the old generation in the second.
    gc({ type: 'minor' })
    gc({ type: 'minor' })
  }
  return (process.memoryUsage().heapUsed - before) / (ROUNDS * ROUND_BYTES)
}

const keep: unknown[] = []

/*
 * V8 makes a map in the old generation for each object literal with a getter, and for each closure of a generator function. An old
 * map keeps young values alive until a full collection.
 */
describe('records of past tasks need no full collection', () => {
  const w = new ByteWriter()

  test('the measurement sees what stays', () => {
    expect(left((values) => keep.push(values))).toBeGreaterThan(0.4)
  })

  test('pairs that are encoded', () => {
    expect(left((values) => encodePairs(w, values, values))).toBeLessThan(0.25)
  })

  test('records that are encoded', () => {
    expect(
      left((values) =>
        encodeRecords(
          w,
          values.map((value) => [value, { value }]),
        ),
      ),
    ).toBeLessThan(0.25)
  })

  test('the context of a task', () => {
    const extend = (values: number[]) => extendContext({ partition: 0 } as never, { values }).partition
    expect(left(extend)).toBeLessThan(0.25)
  })
})
