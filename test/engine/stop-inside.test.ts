import type { InputSource } from 'millrace'
import { expect, test } from 'vitest'
import { manual, run } from './support.js'

/** docs/internals/model.md, L8 to L11, L30: who waits for whom when the streams stop. */

test('a graceful stop waits for a receiver that stores until it is stopped, and processes all of it', async () => {
  const { ssc } = manual({ threads: 1, spare: false })
  await using _ = ssc
  const source: InputSource<number> = {
    kind: 'receiver',
    name: 'slow',
    codec: 'records',
    create: () => {
      let store: (values: readonly number[]) => void
      let last = 0
      return {
        async start(sink) {
          store = (values) => sink.records(values)
          store([++last])
        },
        async stop() {
          for (; last < 15; ) {
            await new Promise((resolve) => setImmediate(resolve))
            store([++last])
          }
        },
      }
    },
  }
  let counted = 0
  ssc.input(source).foreachRDD(async (rdd) => {
    counted += await rdd.count()
  })
  await ssc.start()
  await ssc.stop({ graceful: true, timeout: '1h' })
  expect(counted).toBe(15)
})

test.each([{ graceful: true, timeout: '1h' }, {}])(
  'a receiver that cannot stop: stop(%j) and awaitTermination tell it, nobody waits for ever, and threads end',
  async (options) => {
    const { ssc } = manual({ threads: 1, spare: false })
    const failure = new Error('the broker is gone')
    const broken: InputSource<number> = {
      kind: 'receiver',
      name: 'broken',
      codec: 'records',
      create: () => ({ start: async (sink) => sink.records([1, 2]), stop: () => Promise.reject(failure) }),
    }
    let counted = 0
    ssc.input(broken).foreachRDD(async (rdd) => {
      counted += await rdd.count()
    })
    await ssc.start()
    const told = { code: 'ERR_MILLRACE_SOURCE', cause: failure }
    const terminated = expect(ssc.awaitTermination()).rejects.toMatchObject(told)
    await expect(ssc.stop(options)).rejects.toMatchObject(told)
    await terminated
    // A graceful stop still processes the received data.
    expect(counted).toBe('graceful' in options ? 2 : 0)
    expect(() => ssc.context.range(3)).toThrow('stopped')
  },
)

test.each([{ graceful: true, timeout: '1h' }, { stopContext: false }, {}])(
  'stop(%j) that a batch awaits does not wait for that batch',
  async (options) => {
    const { ssc } = manual({ threads: 1, spare: false })
    await using _ = ssc
    const seen: string[] = []
    ssc.queueStream([[1], [2]]).foreachRDD(async (_, time) => {
      await ssc.stop(options)
      seen.push(`${time} ${ssc.state}`)
    })
    await ssc.start()
    await run(ssc, 1)
    await ssc.awaitTermination()
    // A graceful stop runs one more batch, with the data received meanwhile.
    const batches = 'graceful' in options ? [1000, 2000] : [1000]
    expect(seen).toEqual(batches.map((time) => `${time} STOPPED`))
  },
)

test('nor does one in a listener, which nobody awaits', async () => {
  const { ssc } = manual({ threads: 1, spare: false })
  await using _ = ssc
  let stopped!: Promise<void>
  ssc.on('batchCompleted', () => {
    stopped ??= ssc.stop({ graceful: true, timeout: '1h' })
  })
  ssc.queueStream([[1]]).foreachRDD(() => {})
  await ssc.start()
  await run(ssc, 1)
  await stopped
  expect(ssc.state).toBe('STOPPED')
})

test('after the batch, what it left behind waits as any other', async () => {
  const { ssc } = manual({ threads: 1, spare: false })
  await using _ = ssc
  const over: number[] = []
  let later!: Promise<void>
  let go!: () => void
  const gate = new Promise<void>((resolve) => {
    go = resolve
  })
  const input = ssc.pushStream<number>('in')
  input.foreachRDD(async (rdd, time) => {
    later ??= gate.then(() => ssc.stop({ graceful: true, timeout: '1h' }))
    await rdd.count()
    over.push(time)
  })
  await ssc.start()
  await run(ssc, 1)
  input.push(1)
  go()
  await later
  expect(over).toEqual([1000, 2000])
})
