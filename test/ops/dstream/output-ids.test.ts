import { type DStream, ManualClock, StreamingContext } from 'millrace'
import { expect, test } from 'vitest'

/** The ids of the outputs that a program names in its first batch. */
async function idsOf(program: (ssc: StreamingContext, named: (stream: DStream<number>, name: string) => void) => void) {
  const clock = new ManualClock()
  const ssc = new StreamingContext({ batchInterval: 1000, threads: 1, spare: false, clock })
  const ids: Record<string, string> = {}
  program(ssc, (stream, name) => stream.foreachRDD((_, __, { outputId }) => void (ids[name] = outputId)))
  await ssc.start()
  await clock.advance(1000)
  await ssc.awaitIdle()
  await ssc.stop()
  return ids
}

const numbers = (ssc: StreamingContext) => ssc.queueStream([[1]])

test('the id of an output is the same when other streams and outputs are added before and after it', async () => {
  const few = await idsOf((ssc, named) => {
    const doubled = numbers(ssc).map((n) => 2 * n)
    named(doubled, 'first')
    named(doubled, 'second')
  })
  const many = await idsOf((ssc, named) => {
    const all = numbers(ssc)
    named(all, 'before')
    const doubled = all.map((n) => 2 * n)
    named(doubled, 'first')
    named(
      all.filter((n) => n > 0),
      'between',
    )
    named(doubled, 'second')
    named(doubled, 'third')
  })
  expect(many).toMatchObject(few)
  expect(new Set(Object.values(many)).size).toBe(5)
})
