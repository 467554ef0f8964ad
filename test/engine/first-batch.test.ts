import { type InputSource, ManualClock } from 'millrace'
import { expect, test } from 'vitest'
import { streamNode } from '../support/nodes.js'
import { gather, manual, run } from './support.js'

/** docs/internals/model.md, T6: the first batch is at the smallest multiple of the interval that is after now. */
test.each([
  [0, 1000],
  [1, 1000],
  [999, 1000],
  [1000, 2000],
  [1500, 2000],
])('started at %i ms, the first batch is at %i', async (now, first) => {
  const { ssc } = manual({ threads: 1, spare: false, clock: new ManualClock(now) })
  await using _ = ssc
  const numbers = ssc.queueStream([[1], [2]])
  numbers.output('x')
  await ssc.start()
  expect(streamNode(numbers).graph.zeroTime).toBe(first - 1000)
  const batches = gather<number>(ssc, 'x')
  await run(ssc, 2)
  await ssc.stop()
  expect((await batches).slice(0, 2)).toEqual([
    { time: first, records: [1] },
    { time: first + 1000, records: [2] },
  ])
})

/** T4: no tick is lost, however far the clock jumps. */
test('ticks that the clock jumps over are batches all the same', async () => {
  const { ssc, clock } = manual({ threads: 1, spare: false })
  await using _ = ssc
  ssc.queueStream([[1], [2], [3]]).output('x')
  await ssc.start()
  const batches = gather<number>(ssc, 'x')
  await clock.advance(3000)
  await ssc.awaitIdle()
  await ssc.stop()
  expect((await batches).map(({ time, records }) => [time, records])).toEqual([
    [1000, [1]],
    [2000, [2]],
    [3000, [3]],
  ])
})

/** L28. */
test('an input that nothing reads disturbs no batch, and keeps nothing', async () => {
  const { ssc } = manual({ threads: 1, spare: false })
  await using _ = ssc
  const unused = ssc.pushStream<number>('in')
  ssc.queueStream([[1], [2]]).output('x')
  await ssc.start()
  const batches = gather<number>(ssc, 'x')
  await run(ssc, 2, (batch) => void unused.push(batch))
  await ssc.stop()
  expect((await batches).map(({ records }) => records)).toEqual([[1], [2]])
  expect(streamNode(unused).remembered()).toEqual([])
})

/** L31. */
test('inputs are numbered in the order in which they are made; those that receive can be told', () => {
  const { ssc } = manual({ threads: 1 })
  const receiver = (name: string): InputSource<number> => ({
    kind: 'receiver',
    name,
    codec: 'records',
    create: () => ({ start: async () => {}, stop: async () => {} }),
  })
  ssc.input(receiver('a'))
  ssc.input(receiver('b'))
  const last = [1, 2, 3].map(() => ssc.queueStream<number>([])).at(-1)!
  const { inputs } = streamNode(last).graph
  expect(inputs.map(({ id }) => id)).toEqual([0, 1, 2, 3, 4])
  expect(inputs.filter(({ source }) => source.kind === 'receiver').map(({ id }) => id)).toEqual([0, 1])
})
