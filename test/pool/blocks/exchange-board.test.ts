import { Worker } from 'node:worker_threads'
import { describe, expect, test } from 'vitest'
import { ExchangeBoard, PLACES } from '#build/pool/blocks/exchange-board.js'
import type { BlockHandle } from '#build/pool/blocks/handle.js'
import fc from '../../support/fast-check.js'

const id = fc.integer({ min: 1, max: 2 ** 52 })
const word = fc.integer({ min: 0, max: 2 ** 31 - 1 })
const blocks = fc.record({
  id,
  segment: id,
  offset: word,
  length: word,
  count: fc.integer({ min: -1, max: 2 ** 31 - 1 }),
  codec: fc.constant('shuffle' as const),
  crc: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
})
const block: BlockHandle = { id: 7, segment: 8, offset: 64, length: 5, count: 1, codec: 'shuffle', crc: 3 }
const never = () => false

test('another thread reads of the same memory what was published, in the order of the places', () => {
  fc.assert(
    fc.property(fc.array(blocks, { minLength: 1, maxLength: PLACES }), fc.boolean(), (all, again) => {
      const board = new ExchangeBoard()
      if (again) {
        for (let place = 0; place < PLACES; place++) board.abandon(place)
        board.clear()
      }
      for (const [place, each] of all.entries()) board.publish(place, each)
      const other = new ExchangeBoard(board.memory)
      expect(other.take(0, all.length, never)).toEqual(all)
      expect(other.take(all.length - 1, 1, never)).toEqual(all.slice(-1))
    }),
  )
})

describe('whatever comes first counts', () => {
  test('an output is there although its thread is given up after', () => {
    const board = new ExchangeBoard()
    board.publish(1, block)
    board.abandon(1)
    expect(board.take(1, 1, never)).toEqual([block])
  })

  test('a place that was given up stays so, whatever a thread that is not quite dead writes', () => {
    const board = new ExchangeBoard()
    board.publish(0, block)
    board.abandon(1)
    board.publish(1, block)
    expect(board.take(0, 2, never)).toBeUndefined()
  })
})

test('who has no patience is told that nothing is there', () => {
  const board = new ExchangeBoard()
  board.publish(0, block)
  let asked = 0
  expect(board.take(0, 2, () => ++asked < 3)).toBeUndefined()
  expect(asked).toBe(3)
})

test.each(['publish', 'abandon'] as const)('a thread that sleeps wakes up at %s', async (how) => {
  const board = new ExchangeBoard()
  // Its patience never ends, so it answers only if it is woken.
  const sleeper = new Worker(
    `const { parentPort, workerData } = require('node:worker_threads')
     import(workerData.url).then(({ ExchangeBoard }) => {
       const board = new ExchangeBoard(workerData.memory)
       parentPort.postMessage('asleep')
       parentPort.postMessage(board.take(0, 1, () => true) ?? 'nothing')
     })`,
    {
      eval: true,
      workerData: { url: import.meta.resolve('#build/pool/blocks/exchange-board.js'), memory: board.memory },
    },
  )
  const heard: unknown[] = []
  const answer = new Promise((resolve) => {
    sleeper.on('message', (message) => {
      heard.push(message)
      if (heard.length === 1) board[how](0, block)
      else resolve(message)
    })
  })
  expect(await answer).toEqual(how === 'publish' ? [block] : 'nothing')
  await sleeper.terminate()
})
