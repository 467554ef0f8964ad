import { expect, test } from 'vitest'
import { Exchanges } from '#build/engine/scheduler/pipelined/exchange.js'
import { SEGMENT_BYTES, SegmentPool } from '#build/pool/blocks/segments.js'

const memory = () => new SharedArrayBuffer(SEGMENT_BYTES)
const none = () => undefined

/** A pool in which threads 1 and 2 write one segment each. */
function poolOfTwo() {
  const pool = new SegmentPool()
  pool.accept(1, { created: [{ id: 10, memory: memory() }], returned: [] })
  pool.accept(2, { created: [{ id: 20, memory: memory() }], returned: [] })
  return pool
}

test('what a dead thread has written stays until the last task has ended', () => {
  const pool = poolOfTwo()
  const exchange = new Exchanges(pool).begin(2, [1, 2], none)
  expect(exchange.segments.map(({ id }) => id)).toEqual([10, 20])
  pool.threadGone(1)
  exchange.ended(0)
  expect(pool.freeBytes).toBe(0)
  exchange.ended(undefined)
  expect(pool.freeBytes).toBe(SEGMENT_BYTES)
  expect(pool.liveBlocks).toBe(0)
})

test('memory lent for the exchange is told once, and counts as what a thread writes into', () => {
  const pool = poolOfTwo()
  pool.threadGone(2)
  const lent = pool.take(SEGMENT_BYTES - 64, 1)!
  const exchange = new Exchanges(pool).begin(1, [1, 3], (thread) => (thread === 1 ? [lent] : undefined))
  expect(exchange.segments.map(({ id }) => id).sort()).toEqual([10, 20])
  expect(exchange.takeLent(1)).toEqual([lent])
  expect(exchange.takeLent(1)).toBeUndefined()
  expect(exchange.takeLent(3)).toBeUndefined()
})

test('a thread alone needs nobody else to keep its memory', () => {
  expect(new Exchanges(poolOfTwo()).begin(1, [1], none).segments).toEqual([])
})

test('a board is used again when all tasks have ended, and not before', () => {
  const exchanges = new Exchanges(poolOfTwo())
  const first = exchanges.begin(2, [1], none)
  first.ended(0)
  const second = exchanges.begin(1, [1], none)
  expect(second.board).not.toBe(first.board)
  first.ended(1)
  const third = exchanges.begin(1, [1], none)
  expect(third.board).toBe(first.board)
  // Nothing of the first exchange is on it: its places were given up, or filled.
  let asked = 0
  expect(third.board.take(0, 1, () => ++asked < 1)).toBeUndefined()
  expect(asked).toBe(1)
})

test('a task that failed or ended without an output lets nobody wait', () => {
  const exchange = new Exchanges(poolOfTwo()).begin(2, [1], none)
  exchange.failed(0)
  const never = () => {
    throw new Error('waited')
  }
  expect(exchange.board.take(0, 1, never)).toBeUndefined()
  exchange.ended(1)
  expect(exchange.board.take(1, 1, never)).toBeUndefined()
})
