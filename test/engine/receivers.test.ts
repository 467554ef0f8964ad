import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { setImmediate as turn } from 'node:timers/promises'
import { type DStream, StreamingContext } from 'millrace'
import { afterEach, expect, test } from 'vitest'
import { localEngineOf } from '#build/engine/local/local-engine-of.js'
import { countOf, gather, manual, random, run, sorted } from './support.js'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

/** Starts a server that serves every connection. */
async function serve(onConnection: (socket: Socket) => void): Promise<number> {
  const server: Server = createServer((socket) => {
    cleanups.push(() => socket.destroy())
    onConnection(socket)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  cleanups.push(() => new Promise((resolve) => server.close(resolve)))
  return (server.address() as { port: number }).port
}

/** Resolves when so many records have been processed. */
function processed(ssc: StreamingContext, records: number): Promise<void> {
  let total = 0
  return new Promise((resolve) => {
    ssc.on('batchCompleted', (batch) => {
      total += batch.records
      if (total >= records) resolve()
    })
  })
}

test('lines cut into packets anywhere, while threads are terminated: each line exactly once', {
  timeout: 600_000,
}, async () => {
  const next = random(99)
  const lines = Array.from({ length: 20_000 }, (_, i) => `line ${i % 500} öäü ${'x'.repeat(Math.floor(next() * 80))}`)
  const bytes = Buffer.from(`${lines.join('\n')}\n`)
  // The lines come in parts, each after the batch of the one before, so that threads die between batches and in them.
  const parts = 8
  let completed = 0
  let wake = () => {}
  const port = await serve(async (socket) => {
    for (let at = 0, part = 1; at < bytes.length; ) {
      const end = at + 1 + Math.floor(next() * 40_000)
      const piece = bytes.subarray(at, end)
      await new Promise<void>((resolve) => socket.write(piece, () => setImmediate(resolve)))
      at = end
      if (at < (bytes.length * part) / parts) continue
      while (completed < part) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      part++
    }
  })
  const { ssc } = manual()
  cleanups.push(() => ssc.stop())
  const words = ssc.socketTextStream('127.0.0.1', port).map((line) => line.slice(0, 9))
  words.countByValueAndWindow('1h').output('counts')
  let total = 0
  ssc.on('batchCompleted', ({ records }) => {
    total += records
    if (records === 0) return
    void localEngineOf(ssc).pool!.ready()[completed % 2]?.worker.terminate()
    completed++
    wake()
  })
  let lost = 0
  ssc.on('threadLost', () => lost++)
  await ssc.start()
  const counts = gather(ssc, 'counts')
  while (total < lines.length) await run(ssc, 1)
  await ssc.stop()
  const last = (await counts).at(-1)!
  expect(sorted(last.records)).toEqual(sorted(countOf(lines.map((line) => line.slice(0, 9)))))
  expect(lost).toBeGreaterThan(0)
})

test('bytes that are no UTF-8, empty lines and a last line without newline', async () => {
  const port = await serve((socket) => {
    socket.end(Buffer.concat([Buffer.from('good\n'), Buffer.from([0xff, 0xfe, 0x41, 10]), Buffer.from('\r\nlast')]))
  })
  const { ssc } = manual({ clock: undefined, batchInterval: 20, threads: 1 })
  cleanups.push(() => ssc.stop())
  ssc.socketTextStream('127.0.0.1', port, { reconnectDelay: { min: 60_000, max: 60_000 } }).output('lines')
  const done = processed(ssc, 4)
  await ssc.start()
  const batches = gather<string>(ssc, 'lines')
  await done
  await ssc.stop()
  expect((await batches).flatMap((batch) => batch.records)).toEqual(['good', '\ufffd\ufffdA', '', 'last'])
})

test('backpressure: a socket is paused while batches are behind, and nothing is lost', {
  timeout: 600_000,
}, async () => {
  const lines = 60_000
  const port = await serve((socket) => {
    socket.end(Array.from({ length: lines }, (_, i) => `${i} ${'y'.repeat(90)}\n`).join(''))
  })
  const { ssc } = manual({ receiverBufferBytes: 256 * 1024 })
  cleanups.push(() => ssc.stop())
  ssc
    .socketTextStream('127.0.0.1', port, { reconnectDelay: { min: 60_000, max: 60_000 } })
    .count()
    .output('n')
  let most = 0
  let total = 0
  ssc.on('batchCompleted', ({ inputs, records }) => {
    most = Math.max(most, inputs[0]!.bytes)
    total += records
  })
  await ssc.start()
  const batches = gather<number>(ssc, 'n')
  while (total < lines) await run(ssc, 1)
  await ssc.stop()
  expect((await batches).reduce((sum, batch) => sum + batch.records[0]!, 0)).toBe(lines)
  // One read may go past the bound before the pause takes hold.
  expect(most).toBeLessThan(256 * 1024 + 128 * 1024)
})

test('memory of finished batches is used again', async () => {
  const { ssc, clock } = manual({ threads: 1 })
  cleanups.push(() => ssc.stop())
  const input = ssc.pushStream<string>('in')
  input.countByValue().output('counts')
  await ssc.start()
  const reading = gather(ssc, 'counts')
  const engine = localEngineOf(ssc)
  const sizes: number[] = []
  for (let batch = 0; batch < 600; batch++) {
    input.pushAll(Array.from({ length: 500 }, (_, i) => `word-${batch}-${i}`))
    await clock.advance(1000)
    await ssc.awaitIdle()
    sizes.push(engine.segments.bytes)
  }
  expect(engine.blocks.size).toBeLessThan(30)
  // A thread on a busy machine returns segments late: some more are needed then, but not one each batch.
  expect(sizes.at(-1)).toBeLessThan(1.5 * sizes[300]!)
  await ssc.stop()
  await reading
  expect(ssc).toBeInstanceOf(StreamingContext)
})

test('many receivers and outputs are no leak: Node does not warn of their listeners', async () => {
  const warnings: Error[] = []
  const note = (warning: Error) => warnings.push(warning)
  process.on('warning', note)
  cleanups.push(() => process.off('warning', note))
  const { ssc } = manual({ threads: 1, spare: false })
  const inputs = Array.from({ length: 12 }, (_, i) => ssc.pushStream<number>(`input ${i}`))
  const union = inputs.reduce<DStream<number>>((all, input) => all.union(input), ssc.queueStream<number>([]))
  for (const _ of inputs) union.foreachRDD((rdd) => rdd.count())
  await ssc.start()
  cleanups.push(() => ssc.stop())
  await run(ssc, 1)
  await ssc.stop({ graceful: true })
  // Node emits warnings in a later turn.
  await turn()
  expect(warnings).toEqual([])
})
