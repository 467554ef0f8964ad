import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { AckAfter, ReceiverSink, ReceiverSource, StreamingContext } from 'millrace'
import { afterEach, describe, expect, test } from 'vitest'
import { localEngineOf } from '#build/engine/local/local-engine-of.js'
import { eventually } from '../support/eventually.js'
import { gather, manual, run } from './support.js'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** A source that a test drives through its sink, with the outcome of each receipt. */
class Service {
  sink!: ReceiverSink
  readonly settled: string[] = []
  readonly ended: string[] = []
  readonly source: ReceiverSource

  constructor(ackAfter: AckAfter | undefined, codec: 'text' | 'records' = 'records') {
    this.source = {
      kind: 'receiver',
      name: 'service',
      codec,
      ackAfter,
      create: () => ({
        start: async (sink) => {
          this.sink = sink
        },
        stop: async () => void this.ended.push('stop'),
        close: async () => void this.ended.push('close'),
      }),
    }
  }

  receipt(name: string) {
    return {
      ack: () => void this.settled.push(`ack ${name}`),
      nack: (reason: Error) => void this.settled.push(`nack ${name}: ${reason.message}`),
    }
  }

  /** Sends a record. */
  send(record: string): void {
    this.sink.records([record], this.receipt(record))
  }

  text(line: string): void {
    this.sink.text(Buffer.from(line), this.receipt(line.trim()))
  }
}

async function started(service: Service, options: Parameters<typeof manual>[0] = {}) {
  const { ssc, log } = manual(options)
  cleanups.push(() => ssc.stop())
  ssc.input<string>(service.source).output('out')
  await ssc.start()
  return { ssc, log, batches: gather<string>(ssc, 'out') }
}

const acked = (service: Service, names: readonly string[]) =>
  eventually(() => expect(service.settled).toEqual(names.map((name) => `ack ${name}`)))

async function killAllThreads(ssc: StreamingContext): Promise<void> {
  const threads = localEngineOf(ssc).pool!.threads()
  for (const { worker } of threads) void worker.terminate()
  await Promise.all(threads.map(({ gone }) => gone))
}

describe("ackAfter: 'stored'", () => {
  test('data is acknowledged before its batch, after the call has returned, once and in order', async () => {
    const service = new Service(undefined)
    await started(service)
    for (const name of ['a', 'b', 'c']) service.send(name)
    expect(service.settled).toEqual([])
    await acked(service, ['a', 'b', 'c'])
    for (const name of ['d', 'e']) service.send(name)
    await acked(service, ['a', 'b', 'c', 'd', 'e'])
  })

  test('acknowledged data survives the death of all threads, before and in its batch', async () => {
    const service = new Service('stored')
    const { ssc, batches } = await started(service)
    service.send('a')
    await acked(service, ['a'])
    await killAllThreads(ssc)
    service.send('b')
    await acked(service, ['a', 'b'])
    const batch = run(ssc, 1)
    await killAllThreads(ssc)
    await batch
    await ssc.stop({ graceful: true })
    expect((await batches).flatMap(({ records }) => records)).toEqual(['a', 'b'])
  })

  test('a service that sends one record at a time does not wait for batches', async () => {
    const service = new Service('stored')
    const { ssc, batches } = await started(service)
    const names = Array.from({ length: 50 }, (_, i) => String(i))
    for (const name of names) {
      service.send(name)
      await eventually(() => expect(service.settled.at(-1)).toBe(`ack ${name}`))
    }
    await run(ssc, 1)
    await ssc.stop()
    expect((await batches)[0]!.records).toEqual(names)
  })

  test('text is acknowledged with the end of its line', async () => {
    const service = new Service('stored', 'text')
    const { ssc, batches } = await started(service)
    service.text('one\n')
    service.text('tw')
    await acked(service, ['one'])
    await run(ssc, 1)
    expect(service.settled).toEqual(['ack one'])
    service.text('o\nthree\n')
    await acked(service, ['one', 'tw', 'o\nthree'])
    service.text('four')
    service.sink.endOfText()
    await acked(service, ['one', 'tw', 'o\nthree', 'four'])
    await ssc.stop({ graceful: true })
    expect((await batches).map(({ records }) => records)).toEqual([['one'], ['two', 'three', 'four']])
  })

  test('a line that is longer than a block is acknowledged when it is whole', async () => {
    const service = new Service('stored', 'text')
    const { ssc, batches } = await started(service)
    const long = 'x'.repeat(3 * 1024 * 1024)
    service.sink.text(Buffer.from(long), service.receipt('long'))
    service.sink.text(Buffer.from('\nshort\n'), service.receipt('short'))
    await acked(service, ['long', 'short'])
    await ssc.stop({ graceful: true })
    expect((await batches)[0]!.records).toEqual([long, 'short'])
  })

  test('a receipt that throws is reported, and the others are settled', async () => {
    const service = new Service('stored')
    const { ssc } = await started(service)
    const errors: string[] = []
    ssc.on('receiverError', ({ message }) => errors.push(message))
    service.sink.records(['a'], {
      ack: () => {
        throw new Error('no connection')
      },
    })
    service.send('b')
    await acked(service, ['b'])
    expect(errors).toEqual(['a receipt threw'])
  })

  test('records that are no data are reported, and handled', async () => {
    const service = new Service('stored')
    const { ssc, batches } = await started(service)
    service.sink.records([() => {}, 'a'], service.receipt('half'))
    service.sink.records([() => {}], service.receipt('none'))
    await acked(service, ['half', 'none'])
    await ssc.stop({ graceful: true })
    expect((await batches)[0]!.records).toEqual(['a'])
  })

  test('data that is refused for lack of room is not acknowledged', async () => {
    const service = new Service('stored')
    await started(service, { receiverBufferBytes: 1024 })
    const big = 'x'.repeat(2000)
    service.sink.records([big], service.receipt('first'))
    service.sink.records([big], service.receipt('second'))
    expect(() => service.sink.records([big], service.receipt('third'))).toThrow(/receiverBufferBytes/)
    await acked(service, ['first', 'second'])
  })
})

describe("ackAfter: 'processed'", () => {
  test('data is acknowledged after the outputs of its batch', async () => {
    const service = new Service('processed')
    const { ssc, clock } = manual()
    cleanups.push(() => ssc.stop())
    let before: string[] = []
    ssc.input<string>(service.source).foreachRDD(async (rdd) => {
      await rdd.count()
      before = [...service.settled]
    })
    await ssc.start()
    service.send('a')
    service.send('b')
    await new Promise((resolve) => setImmediate(resolve))
    await clock.advance(1000)
    service.send('c')
    await ssc.awaitIdle()
    expect(before).toEqual([])
    expect(service.settled).toEqual(['ack a', 'ack b'])
    await run(ssc, 1)
    expect(service.settled).toEqual(['ack a', 'ack b', 'ack c'])
  })

  test('a batch that runs again after a kill acknowledges once', async () => {
    const service = new Service('processed')
    const { ssc, batches } = await started(service)
    service.send('a')
    const batch = run(ssc, 1)
    await killAllThreads(ssc)
    await batch
    expect(service.settled).toEqual(['ack a'])
    await ssc.stop()
    expect((await batches)[0]!.records).toEqual(['a'])
  })

  test('data of a batch that fails goes back to the service', async () => {
    const service = new Service('processed')
    const { ssc } = manual()
    ssc.input<string>(service.source).foreachRDD(() => {
      throw new Error('no')
    })
    await ssc.start()
    service.send('a')
    await run(ssc, 1).catch(() => undefined)
    await ssc.stop()
    expect(service.settled).toEqual([
      'nack a: service stopped before this data was stored and processed: it must be sent again.',
    ])
  })

  test('with onBatchError skip a skipped batch is acknowledged: it never runs again', async () => {
    const service = new Service('processed')
    const { ssc } = manual({ onBatchError: 'skip' })
    cleanups.push(() => ssc.stop())
    ssc.input<string>(service.source).foreachRDD(() => {
      throw new Error('no')
    })
    await ssc.start()
    service.send('a')
    await run(ssc, 1)
    expect(service.settled).toEqual(['ack a'])
  })

  test('with checkpoints, data is acknowledged when a checkpoint holds its batch', async () => {
    const service = new Service('processed')
    const directory = mkdtempSync(join(tmpdir(), 'millrace-receipts-'))
    cleanups.push(() => rmSync(directory, { recursive: true, force: true }))
    const { ssc } = await started(service, { checkpointDir: directory, checkpointInterval: 3000 })
    const written: number[] = []
    ssc.on('checkpointWritten', ({ time }) => written.push(time))
    for (const name of ['a', 'b', 'c', 'd']) {
      service.send(name)
      await run(ssc, 1)
      if (name === 'b') expect(service.settled).toEqual([])
    }
    expect(written).toEqual([3000])
    expect(service.settled).toEqual(['ack a', 'ack b', 'ack c'])
    await ssc.stop({ graceful: true })
    expect(service.settled).toEqual(['ack a', 'ack b', 'ack c', 'ack d'])
  })

  test('a graceful stop acknowledges what its last batch has processed, between stop and close', async () => {
    const service = new Service('processed')
    const { ssc, batches } = await started(service)
    service.send('a')
    const stopped = ssc.stop({ graceful: true })
    await stopped
    expect(service.settled).toEqual(['ack a'])
    expect(service.ended).toEqual(['stop', 'close'])
    expect((await batches).flatMap(({ records }) => records)).toEqual(['a'])
  })
})

test.each(['stored', 'processed'] as const)(
  'a stop that is not graceful refuses what is not acknowledged (%s)',
  async (ackAfter) => {
    const service = new Service(ackAfter, 'text')
    const { ssc } = await started(service)
    service.text('unfinished')
    await ssc.stop()
    expect(service.settled.filter((each) => each.startsWith('ack'))).toEqual([])
    expect(service.settled).toHaveLength(1)
  },
)

test('ackAfter is checked', () => {
  const service = new Service('later' as AckAfter)
  const { ssc } = manual()
  expect(() => ssc.input(service.source)).toThrow("whose ackAfter is \"later\", which must be 'stored' or 'processed'")
})
