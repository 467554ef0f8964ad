import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { ManualClock, StreamingContext } from 'millrace'
import { type FlumePollingOptions, flumePollingSource } from 'millrace/flume'
import { afterEach, describe, expect, test } from 'vitest'
import { FlumeAgent } from '../services/flume-agent.js'
import { hasService } from '../services/service.js'
import { killThread } from '../support/kill.js'
import { programOf, untilMatches } from './suite/example.js'

const range = (count: number) => Array.from({ length: count }, (_, i) => i)
const QUIET = { debug() {}, info() {}, warn() {}, error() {} }
const open: StreamingContext[] = []
afterEach(async () => {
  for (const ssc of open.splice(0)) await ssc.stop()
})

function poll<T = string>(options: FlumePollingOptions) {
  const clock = new ManualClock()
  const ssc = new StreamingContext({ batchInterval: 1000, threads: 2, clock, logger: QUIET })
  open.push(ssc)
  const records: T[] = []
  const reports: string[] = []
  ssc.on('receiverError', ({ message, cause }) => reports.push(`${message} ${(cause as Error | undefined)?.message}`))
  ssc.input<T>(flumePollingSource(options)).foreachRDD(async (rdd) => void records.push(...(await rdd.collect())))
  const tick = async () => {
    await clock.advance(1000)
    await ssc.awaitIdle()
  }
  /** Runs batches until `count` different records have arrived. */
  const drain = async (count: number) => {
    const found = () => tick().then(() => new Set(records).size)
    await expect.poll(found, { timeout: 600_000, interval: 10 }).toBeGreaterThanOrEqual(count)
  }
  return { ssc, records, reports, tick, drain }
}

const sorted = (records: readonly string[]) => records.map(Number).sort((a, b) => a - b)

describe.runIf(hasService('flumeAgent'))("Spark's sink in a Flume agent", () => {
  test.each(['stored', 'processed'] as const)('all events arrive, once: acknowledged when %s', async (ackAfter) => {
    await using agent = await FlumeAgent.start(5000)
    const { ssc, records, drain, tick } = poll({ agents: agent.address, ackAfter, maxBatchSize: 300 })
    await ssc.start()
    await drain(5000)
    await tick()
    expect(sorted(records)).toEqual(range(5000))
  })

  test('threads die', async () => {
    await using agent = await FlumeAgent.start(5000)
    const { ssc, records, drain } = poll({ agents: agent.address, ackAfter: 'processed', maxBatchSize: 300 })
    await ssc.start()
    for (const i of range(3)) {
      const drained = drain((i + 1) * 1500)
      await killThread(ssc, i % 2)
      await drained
    }
    await drain(5000)
    expect(sorted(records)).toEqual(range(5000))
  })

  test('events that no batch has processed arrive again in the next stream', async () => {
    await using agent = await FlumeAgent.start(1000, 2)
    const first = poll({ agents: agent.address, ackAfter: 'processed', maxBatchSize: 100 })
    await first.ssc.start()
    await first.drain(100)
    await first.ssc.stop()
    const second = poll({ agents: agent.address, ackAfter: 'processed', maxBatchSize: 100 })
    await second.ssc.start()
    // Some events of the first stream come again too: their acknowledgement was late.
    const all = () => new Set([...first.records, ...second.records])
    await expect.poll(() => second.tick().then(() => all().size), { interval: 10 }).toBe(1000)
    expect(sorted([...all()])).toEqual(range(1000))
  })

  test('an agent that restarts is polled again', async () => {
    await using agent = await FlumeAgent.start(500)
    const { ssc, records, reports, drain, tick } = poll({ agents: agent.address })
    await ssc.start()
    await drain(500)
    await agent.stop('SIGKILL')
    await agent.restart()
    // The agent counts from 0 again.
    await expect.poll(() => tick().then(() => records.length), { timeout: 600_000 }).toBe(1000)
    expect(reports.join()).toContain(`${agent.address} was disconnected`)
  })

  test('the program of the page runs', async () => {
    await using agent = await FlumeAgent.start(10)
    await programOf('flume.md', 1)({ replace: { 'localhost:9988': agent.address } }, ({ printed }) =>
      untilMatches(printed, /9\W+1/),
    )
  })

  test('headers and bytes', async () => {
    await using agent = await FlumeAgent.start(3)
    const { ssc, records, tick } = poll<{ headers: object; body: Uint8Array }>({
      agents: [agent.address],
      headers: true,
      value: 'bytes',
    })
    await ssc.start()
    await expect.poll(() => tick().then(() => records.length), { timeout: 600_000 }).toBe(3)
    expect(records[2]).toEqual({ headers: {}, body: new Uint8Array(Buffer.from('2')) })
  })
})

test('a server of another protocol is disconnected, and the report says so', async () => {
  const server = createServer((socket) => {
    socket.once('data', () => socket.write(Buffer.from('HTTP/1.1 400 Bad Request\r\n\r\n')))
    socket.on('error', () => undefined)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { ssc, reports } = poll({ agents: `127.0.0.1:${(server.address() as AddressInfo).port}` })
  await ssc.start()
  await expect.poll(() => reports.join()).toContain('was disconnected: a frame has')
  await ssc.stop()
  server.close()
})

test('an agent that is not there: the error says what to do', async () => {
  const { ssc, reports } = poll({ agents: '127.0.0.1:1' })
  await ssc.start()
  await expect.poll(() => reports.join()).toContain('The Flume agent at 127.0.0.1:1 cannot be reached')
})

test.each<[string, unknown, string]>([
  ['no agents', {}, 'agents is undefined'],
  ['an agent without a port', { agents: 'localhost' }, "must be 'host:port'"],
  ['an unknown option', { agents: 'a:1', port: 2 }, "there is no option 'port'"],
  ['a batch of no events', { agents: 'a:1', maxBatchSize: 0 }, 'maxBatchSize is 0'],
])('%s: an error that names the option', (_, options, text) => {
  expect(() => flumePollingSource(options as FlumePollingOptions)).toThrow(text)
})
