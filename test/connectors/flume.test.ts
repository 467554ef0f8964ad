import type { FlumeEvent } from 'millrace/flume'
import { describe, expect, test } from 'vitest'
import { hasService } from '../services/service.js'
import { cert, key } from '../sources/tls-pair.js'
import { breaking } from './breaking-proxy.js'
import { listen, range, send } from './flume-support.js'

const numbersOf = (records: readonly string[]) => records.map((body) => Number(body.split(' ')[0]))

describe.runIf(hasService('flume'))('the RPC client of Flume', () => {
  test('sends batches: each event arrives once, in order, with its body', async () => {
    const { port, records, ticksUntil } = await listen()
    const program = send(port, { batches: 40, size: 250 })
    expect(await ticksUntil(program.ended), program.errors).toBe(0)
    expect(numbersOf(records)).toEqual(range(0, 10_000))
    expect(records[7]).toBe(`7 ${'x'.repeat(98)}`)
  })

  test('sends single events, with headers', async () => {
    const { port, records, ticksUntil } = await listen<FlumeEvent<Uint8Array>>({ headers: true, value: 'bytes' })
    const program = send(port, { batches: 3, size: 1, bytes: 4 })
    expect(await ticksUntil(program.ended), program.errors).toBe(0)
    expect(records).toEqual(
      range(0, 3).map((n) => ({
        headers: { host: 'höst', number: String(n) },
        body: new TextEncoder().encode(`${n} xx`),
      })),
    )
  })

  test.each(['1', '9'])('sends deflated batches, level %s', async (level) => {
    const { port, records, ticksUntil } = await listen()
    const properties = { 'compression-type': 'deflate', 'compression-level': level }
    const program = send(port, { batches: 20, size: 500, properties })
    expect(await ticksUntil(program.ended), program.errors).toBe(0)
    expect(numbersOf(records)).toEqual(range(0, 10_000))
  })

  test('sends over an encrypted connection', async () => {
    const { port, records, ticksUntil } = await listen({ tls: { key, cert } })
    const properties = { ssl: 'true', 'trust-all-certs': 'true' }
    const program = send(port, { batches: 5, size: 100, properties })
    expect(await ticksUntil(program.ended), program.errors).toBe(0)
    expect(numbersOf(records)).toEqual(range(0, 500))
  })

  test('waits for its answer while the stream has no room', async () => {
    const { ssc, port, records, ticksUntil } = await listen({}, { receiverBufferBytes: 64 * 1024 })
    const paused = new Promise((resolve) => ssc.on('receiverPaused', resolve))
    const program = send(port, { batches: 40, size: 100, bytes: 1000 })
    await paused
    // A batch has 100 KB: the second has to wait.
    expect(program.lines.length).toBeLessThan(3)
    expect(await ticksUntil(program.ended), program.errors).toBe(0)
    expect(numbersOf(records)).toEqual(range(0, 4000))
  })

  test('sends again what a broken connection did not answer: nothing is lost, and only unanswered batches come twice', async () => {
    const { port, records, ticksUntil } = await listen()
    const proxy = await breaking(port, 60_000)
    const program = send(proxy.port, { batches: 60, size: 100, retries: 100 })
    expect(await ticksUntil(program.ended), program.errors).toBe(0)
    await proxy.close()
    const numbers = numbersOf(records)
    expect([...new Set(numbers)].sort((a, b) => a - b)).toEqual(range(0, 6000))
    const failed = program.lines.filter((line) => line.startsWith('failed')).length
    expect(failed).toBeGreaterThan(3)
    expect(numbers.length).toBeLessThanOrEqual(6000 + failed * 100)
  })
})
