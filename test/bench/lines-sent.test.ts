import { connect } from 'node:net'
import { createInterface } from 'node:readline'
import { expect, it } from 'vitest'
import { momentOf, nowMicros, startSender } from '../../bench/lines-sent.mjs'

it('a sender serves lines that begin with the moment they were due, neither before nor in another order', async () => {
  const rate = 2000
  const sender = await startSender(rate)
  const begun = nowMicros()
  const socket = connect(sender.port, '127.0.0.1')
  const moments: number[] = []
  try {
    for await (const line of createInterface({ input: socket })) {
      const [first, ...words] = line.split(' ')
      moments.push(momentOf(first!)!)
      expect(moments.at(-1)).toBeLessThanOrEqual(nowMicros())
      expect(words.join(' ')).toMatch(/^[a-z0-9 ]{96,}$/)
      if (moments.length === 500) break
    }
  } finally {
    socket.destroy()
    await sender.stop()
  }
  expect(moments[0]).toBeGreaterThan(begun)
  expect(moments).toEqual([...moments].sort((a, b) => a - b))
  // The moments lie as far apart as the rate says, whatever the machine did meanwhile.
  expect((moments.at(-1)! - moments[0]!) / 1000).toBeCloseTo((499 / rate) * 1000, -1)
})

it('only marked words are moments', () => {
  expect(momentOf('word')).toBeUndefined()
  expect(momentOf('@12')).toBe(12)
})
