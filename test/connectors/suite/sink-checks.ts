import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { StreamingContext, StreamingOptions } from 'millrace'
import { expect, test } from 'vitest'
import { killThread } from '../../support/kill.js'
import { errorOf } from './bad-input.js'
import { check, expectNumbers, range } from './expectations.js'
import { type RowRef, startProcess } from './process.js'
import { type SinkRow, type TestServer, writeStream } from './row.js'
import { newContext, stopAfterEach } from './stream.js'

export function checkSink<S extends TestServer>(row: SinkRow<S>, ref: RowRef, server: () => S): void {
  stopAfterEach()

  /** Writes `count` batches of `size` numbers; `each` runs while a batch does. */
  async function write(
    place: object,
    count: number,
    size: number,
    options: Partial<StreamingOptions> = {},
    each?: (ssc: StreamingContext, i: number) => Promise<unknown>,
  ): Promise<void> {
    const { ssc, clock } = newContext({ ...row.options?.(place), ...options })
    const batches = range(0, count).map((i) => range(i * size, (i + 1) * size).map((n) => row.record(n)))
    writeStream(ssc.queueStream(batches), row.open(place))
    await ssc.start()
    for (const i of range(0, count)) {
      const advanced = clock.advance(1000)
      await each?.(ssc, i)
      await advanced
      await ssc.awaitIdle()
    }
    await ssc.stop()
  }

  test('writes all records', async () => {
    const place = await row.create(server())
    await write(place, 4, 500)
    expectNumbers(await row.read(server(), place, 2000), 2000, 'exactly-once')
  })

  test(`threads that die while they write: ${row.guarantee.threads}`, async () => {
    const place = await row.create(server())
    await write(place, 10, 500, {}, (ssc, i) => killThread(ssc, i % 2))
    expectNumbers(await row.read(server(), place, 5000), 5000, row.guarantee.threads)
  })

  test(`threads that die between write and commit: ${row.guarantee.threads}`, async () => {
    const place = await row.create(server())
    // The writer has committed; the driver does not learn of it.
    const faults = [2, 4, 7].map((nth) => ({
      point: 'task:end' as const,
      nth,
      passes: new SharedArrayBuffer(4),
    }))
    const lost: unknown[] = []
    await write(place, 6, 100, { faults }, async (ssc, i) => {
      if (i === 0) ssc.on('threadLost', (event) => void lost.push(event))
    })
    expect(lost).toHaveLength(faults.length)
    expectNumbers(await row.read(server(), place, 600), 600, row.guarantee.threads)
  })

  check('goes on when the service is restarted', row.restart ?? {}, async () => {
    const place = await row.create(server())
    const outputRetries = { attempts: 1000, delay: '50ms', maxDelay: '200ms' }
    await write(place, 4, 100, { outputRetries }, async (_, i) => {
      if (i !== 1) return
      await server().crash()
      await server().restart()
    })
    expectNumbers(await row.read(server(), place, 400), 400, row.guarantee.threads)
  })

  test('a graceful stop writes the batches that wait', async () => {
    const place = await row.create(server())
    const { ssc, clock } = newContext(row.options?.(place))
    const batches = range(0, 3).map((i) => [row.record(i)])
    writeStream(ssc.queueStream(batches), row.open(place))
    await ssc.start()
    await clock.advance(3000)
    await ssc.stop({ graceful: true })
    expectNumbers(await row.read(server(), place, 3), 3, 'exactly-once')
  })

  test(`a batch that runs again in another process: ${row.guarantee.process}`, async () => {
    const place = await row.create(server())
    await write(place, 3, 50)
    // The same batch times and records, as after a restart from an older checkpoint, and one batch more.
    await write(place, 4, 50)
    expectNumbers(await row.read(server(), place, 200), 200, row.guarantee.process)
  })

  test(`a process that is killed: ${row.guarantee.process}`, async () => {
    const place = await row.create(server())
    const checkpointDir = mkdtempSync(join(tmpdir(), 'millrace-suite-'))
    const numbers = new Set<number>()
    try {
      for (const _ of range(0, 2)) {
        const child = startProcess(ref, { place, checkpointDir })
        const before = numbers.size
        child.onBatch((_time, written) => {
          for (const n of written) numbers.add(n)
        })
        try {
          await child.until(() => numbers.size >= before + 50)
        } finally {
          await child.kill()
        }
      }
    } finally {
      rmSync(checkpointDir, { recursive: true, force: true })
    }
    const found = await row.read(server(), place, numbers.size)
    // The batch under way when the process died may be there too.
    const first = Math.min(...numbers)
    const printed = found.filter((n) => numbers.has(n)).map((n) => n - first)
    expectNumbers(printed, numbers.size, row.guarantee.process)
    expect(found.filter((n) => !numbers.has(n)).length).toBeLessThanOrEqual(10)
  })

  check('a malformed record fails its batch', row.malformed, async ({ record, says }) => {
    const place = await row.create(server())
    const { text } = await errorOf(newContext({ ...row.options?.(place), threads: 1 }), (ssc) => {
      writeStream(ssc.queueStream([[record]]), row.open(place))
    })
    for (const part of says) expect(text).toContain(part)
  })
}
