import diagnostics from 'node:diagnostics_channel'
import { type BatchInfo, Context, type EngineEvents, type Listener, type TaskEnd } from 'millrace'
import { terminateThread } from 'millrace/testing'
import { afterEach, describe, expect, test } from 'vitest'
import { manual, run } from './support.js'

const open: { stop(): Promise<unknown> }[] = []
afterEach(async () => {
  for (const one of open.splice(0)) await one.stop()
})

function streams(options: Parameters<typeof manual>[0] = {}) {
  const made = manual({ spare: false, ...options })
  open.push(made.ssc)
  return made
}

function batchContext(threads = 2): Context {
  const ctx = new Context({ threads, parallelism: 2, spare: false })
  open.push(ctx)
  return ctx
}

describe('events of batches', () => {
  test('have the delays that are known by then, for four batches of one record', async () => {
    const { ssc } = streams()
    const numbers = ssc.pushStream<number>('numbers')
    numbers.foreachRDD(async (rdd) => void (await rdd.count()))
    const seen: Record<'batchSubmitted' | 'batchStarted' | 'batchCompleted', BatchInfo[]> = {
      batchSubmitted: [],
      batchStarted: [],
      batchCompleted: [],
    }
    ssc.listen({
      batchSubmitted: (batch) => void seen.batchSubmitted.push(batch),
      batchStarted: (batch) => void seen.batchStarted.push(batch),
      batchCompleted: (batch) => void seen.batchCompleted.push(batch),
    })
    await ssc.start()
    await run(ssc, 4, (batch) => void numbers.push(batch))
    for (const batches of Object.values(seen)) {
      expect(batches.map(({ records, inputs }) => [records, inputs[0]!.records])).toEqual([
        [1, 1],
        [1, 1],
        [1, 1],
        [1, 1],
      ])
    }
    for (const batch of seen.batchSubmitted) {
      expect([batch.schedulingDelay, batch.processingDelay, batch.totalDelay]).toEqual([
        undefined,
        undefined,
        undefined,
      ])
    }
    for (const batch of seen.batchStarted) {
      expect(batch.schedulingDelay).toBeGreaterThanOrEqual(0)
      expect([batch.processingDelay, batch.totalDelay]).toEqual([undefined, undefined])
    }
    for (const { schedulingDelay, processingDelay, totalDelay } of seen.batchCompleted)
      expect(schedulingDelay! + processingDelay!).toBe(totalDelay)
  })

  test('each output operation starts and ends, in order', async () => {
    const { ssc } = streams({ onBatchError: 'skip' })
    const source = ssc.queueStream([[1]])
    source.foreachRDD(() => {})
    source.foreachRDD(() => {
      throw new Error('This is a failed job')
    })
    source.foreachRDD(() => {})
    const seen: string[] = []
    ssc.on('outputStarted', ({ id, time }) => seen.push(`${time} ${id} started`))
    ssc.on('outputCompleted', ({ id, error }) => seen.push(`${id} completed ${error?.message.includes('failed job')}`))
    await ssc.start()
    await run(ssc, 1)
    expect(seen).toEqual([
      '1000 0 started',
      '0 completed undefined',
      '1000 1 started',
      '1 completed true',
      '1000 2 started',
      '2 completed undefined',
    ])
  })
})

describe('events of jobs', () => {
  test('name the batch and the output operation of each job', async () => {
    const { ssc } = streams()
    const source = ssc.queueStream([[1, 2], [3]])
    source.foreachRDD(async (rdd) => {
      await rdd.count()
      await rdd.collect()
    })
    source.foreachRDD(async (rdd) => void (await rdd.count()))
    const jobs: unknown[][] = []
    ssc.on('jobStarted', ({ id, batchTime, output }) => jobs.push([id, batchTime, output]))
    await ssc.start()
    await run(ssc, 2)
    expect(jobs).toEqual([
      [0, 1000, 0],
      [1, 1000, 0],
      [2, 1000, 1],
      [3, 2000, 0],
      [4, 2000, 0],
      [5, 2000, 1],
    ])
  })

  test('a stage starts with its first task and completes after its last one', async () => {
    const ctx = batchContext()
    const seen: string[] = []
    ctx.listen({
      jobStarted: ({ partitions, batchTime }) => void seen.push(`job ${partitions} ${batchTime}`),
      stageStarted: ({ kind, tasks }) => void seen.push(`${kind} ${tasks}`),
      taskStarted: ({ stage, partition, attempt }) => void seen.push(`task ${stage}.${partition}.${attempt}`),
      taskEnded: ({ stage, partition, status }) => void seen.push(`${status} ${stage}.${partition}`),
      stageCompleted: ({ kind, error }) => void seen.push(`${kind} completed ${error}`),
      jobCompleted: ({ ms, error }) => void seen.push(`job ended ${ms > 0} ${error}`),
    })
    await ctx
      .parallelize([1, 2, 3, 4], 2)
      .map((n) => [n % 2, n] as [number, number])
      .reduceByKey((a, b) => a + b, 1)
      .collect()
    expect(seen[0]).toBe('job 1 undefined')
    expect(seen.at(-1)).toBe('job ended true undefined')
    const mustPrecede = (first: string, second: string) => {
      expect(seen).toContain(first)
      expect(seen.indexOf(first), `${first} before ${second}`).toBeLessThan(seen.indexOf(second))
    }
    const mapStage = seen.find((line) => /^task \d+\.1/.test(line))!.match(/\d+/)![0]
    mustPrecede('map 2', `task ${mapStage}.0.0`)
    mustPrecede(`task ${mapStage}.1.0`, `succeeded ${mapStage}.1`)
    mustPrecede(`succeeded ${mapStage}.1`, 'map completed undefined')
    mustPrecede('result 1', 'result completed undefined')
    expect(seen.filter((line) => line.startsWith('succeeded'))).toHaveLength(3)
  })

  test('a task reports what it read and wrote for a shuffle', async () => {
    const ctx = batchContext()
    const ended: TaskEnd[] = []
    ctx.on('taskEnded', (task) => void ended.push(task))
    const numbers = ctx.parallelize([1, 2, 3, 4, 5], 1).cache()
    await numbers.count()
    await numbers
      .map((n) => [n, n] as [number, number])
      .groupByKey(1)
      .count()
    const writer = ended.find(({ shuffleBytes }) => shuffleBytes > 0)!
    expect(writer.records).toBe(5)
    expect(ended.every(({ ms, status }) => ms >= 0 && status === 'succeeded')).toBe(true)
  })

  test('a failed job reports its attempts and its error', async () => {
    const ctx = batchContext()
    const statuses: string[] = []
    const errors: unknown[] = []
    ctx.on('taskEnded', ({ status, attempt, error }) => statuses.push(`${attempt} ${status} ${error?.message}`))
    ctx.on('stageCompleted', ({ error }) => errors.push(error))
    ctx.on('jobCompleted', ({ error }) => errors.push(error))
    const failing = ctx.parallelize([1], 1).map(() => {
      throw new Error('no')
    })
    const error = await failing.collect().catch((reason: unknown) => reason)
    expect(statuses).toEqual(['0 failed no', '1 failed no', '2 failed no', '3 failed no'])
    expect(errors).toEqual([error, error])
  })

  test('the task of a thread that dies is lost, and runs again', async () => {
    const ctx = batchContext(1)
    const statuses: string[] = []
    const started = [0, 1].map((wanted) => {
      return new Promise<void>((resolve) => ctx.on('taskStarted', ({ attempt }) => attempt === wanted && resolve()))
    })
    ctx.on('taskEnded', ({ status, attempt, error }) => statuses.push(`${attempt} ${status} ${error?.name}`))
    const endless = ctx
      .parallelize([1], 1)
      .mapAsync(() => new Promise<number>(() => {}))
      .collect()
    const outcome = endless.catch(() => 'rejected')
    await started[0]
    await terminateThread(ctx)
    await started[1]
    expect(statuses).toEqual(['0 lost ThreadLostError'])
    await ctx.stop()
    expect(await outcome).toBe('rejected')
  })
})

describe('a listener', () => {
  test('that rejects is reported, and ends nothing', async () => {
    const { ssc, log } = streams()
    ssc.queueStream([[1], [2]]).foreachRDD(() => {})
    ssc.on('batchCompleted', async () => {
      throw new Error('not today')
    })
    ssc.listen({ batchProgress: () => Promise.reject(new Error('nor this')) as never })
    await ssc.start()
    await run(ssc, 2)
    expect(log).toEqual(Array(4).fill('error: a listener threw'))
    expect(ssc.state).toBe('ACTIVE')
  })

  test('of a class keeps its `this`, and may have other methods', async () => {
    class Counter implements Listener {
      count = 0
      batchCompleted(): void {
        this.add()
      }
      add(): void {
        this.count++
      }
    }
    const counter = new Counter()
    const { ssc } = streams()
    ssc.queueStream([[1], [2]]).foreachRDD(() => {})
    const remove = ssc.listen(counter)
    await ssc.start()
    await run(ssc, 1)
    remove()
    await run(ssc, 1)
    expect(counter.count).toBe(1)
  })

  test('receives nothing after the stop, and its last event is the end of the context', async () => {
    const ctx = batchContext()
    const seen: string[] = []
    ctx.listen({
      contextStarted: ({ threads }) => void seen.push(`started ${threads}`),
      jobCompleted: () => void seen.push('job'),
      unpersisted: ({ label }) => void seen.push(`unpersisted ${label.split('#')[0]}`),
      contextStopped: () => void seen.push('stopped'),
    })
    const numbers = ctx.range(3)
    const cached = ctx.range(3).cache()
    await cached.count()
    cached.unpersist()
    await ctx.stop()
    await numbers.count().catch(() => {})
    expect(seen).toEqual(['started 2', 'job', 'unpersisted range', 'stopped'])
  })

  test('is refused without events, or with a name that is no event', () => {
    const ctx = batchContext()
    expect(() => ctx.listen({ batchComplete() {} } as Listener)).toThrow(/there is no event "batchComplete". Events: /)
    expect(() => ctx.listen({})).toThrow(/has no method named like an event/)
    expect(() => ctx.listen(7 as never)).toThrow(/listen\(\) got 7; it takes an object/)
    expect(() => ctx.listen({ jobCompleted: 'x' } as never)).toThrow(/needs a function/)
  })
})

test('a channel names the context of its message', async () => {
  const [one, two] = [batchContext(), batchContext()]
  const seen: (EngineEvents['jobCompleted'] & { context: number })[] = []
  const subscriber = (message: unknown) => void seen.push(message as never)
  diagnostics.subscribe('millrace:jobCompleted', subscriber)
  await one.range(1).count()
  await two.range(1).count()
  await one.range(1).count()
  diagnostics.unsubscribe('millrace:jobCompleted', subscriber)
  expect(seen.map(({ id }) => id)).toEqual([0, 0, 1])
  expect(seen[0]!.context).toBe(seen[2]!.context)
  expect(seen[0]!.context).not.toBe(seen[1]!.context)
})
