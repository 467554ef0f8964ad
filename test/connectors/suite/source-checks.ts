import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ManualClock } from 'millrace'
import { afterAll, expect, test } from 'vitest'
import { killThread } from '../../support/kill.js'
import { errorOf } from './bad-input.js'
import { check, expectNumbers } from './expectations.js'
import { type RowRef, startProcess } from './process.js'
import { isApplicable, type Malformed, type SourceRow, type TestServer } from './row.js'
import { newContext, readNumbers, stopAfterEach } from './stream.js'

export function checkSource<S extends TestServer>(row: SourceRow<S>, ref: RowRef, server: () => S): void {
  stopAfterEach()
  const directories: string[] = []
  afterAll(() => {
    for (const path of directories) rmSync(path, { recursive: true, force: true })
  })
  const newDirectory = () => {
    const path = mkdtempSync(join(tmpdir(), 'millrace-suite-'))
    directories.push(path)
    return path
  }

  test('reads all records, in batches that begin where the last one ended', async () => {
    const place = await row.create(server())
    await row.send(server(), place, 0, 1000)
    const { ssc, drain } = readNumbers(row, place)
    await ssc.start()
    expectNumbers(await drain(1000), 1000, 'exactly-once')
    await row.send(server(), place, 1000, 1300)
    expectNumbers(await drain(1300), 1300, 'exactly-once')
  })

  check('a slow pipeline leaves records in the service', row.slow, async ({ open, options, most, waiting }) => {
    const place = await row.create(server())
    await row.send(server(), place, 0, most * 4)
    let release!: () => void
    const gate = new Promise<void>((resolve) => {
      release = resolve
    })
    const { ssc, clock, batches, drain } = readNumbers(row, place, { ...options, open, each: () => gate })
    await ssc.start()
    await clock.advance(1000)
    await clock.advance(1000)
    if (waiting) await expect.poll(() => waiting(server(), place)).toBeGreaterThan(0)
    release()
    expectNumbers(await drain(most * 4), most * 4, row.guarantee.threads)
    expect(Math.max(...batches.map(({ length }) => length))).toBeLessThanOrEqual(most)
  })

  check('goes on when the service is restarted', row.restart ?? {}, async () => {
    const place = await row.create(server())
    await row.send(server(), place, 0, 200)
    const { ssc, tick, drain } = readNumbers(row, place)
    await ssc.start()
    await drain(200)
    await server().crash()
    await Promise.all([tick(), server().restart()])
    const sent = () => row.send(server(), place, 200, 400).then(() => 'sent', String)
    await expect.poll(sent).toBe('sent')
    expectNumbers(await drain(400), 400, row.guarantee.threads)
  })

  const { midRead } = row
  if (midRead) {
    test.each(['waits', 'fails'] as const)(
      'goes on when the service dies in the middle of an answer: the client %s',
      async (patience) => {
        const place = await row.create(server())
        const count = 50_000
        await row.send(server(), place, 0, count)
        await using breaking = await midRead.breaking(server(), place, patience)
        const outputRetries = { attempts: 1000, delay: '50ms', maxDelay: '200ms' }
        const { ssc, drain } = readNumbers(row, breaking.place, patience === 'fails' ? { outputRetries } : {})
        await ssc.start()
        expectNumbers(await drain(count), count, row.guarantee.threads)
        await breaking.restarted
      },
    )
  }

  check('a malformed record is reported with its position', row.malformed, async ({ send, open, says }) => {
    const place = await row.create(server())
    await send(server(), place)
    const { text } = await errorOf(newContext({ ...row.options?.(place), threads: 1 }), (ssc) => {
      open(ssc, place).foreachRDD(async (rdd) => void (await rdd.collect()))
    })
    for (const part of says) expect(text).toContain(part)
  })

  const rejecting = isApplicable(row.malformed) && row.malformed.rejecting
  if (rejecting) {
    test('a malformed record becomes a dead letter, and the others arrive', async () => {
      const place = await row.create(server())
      await (row.malformed as Malformed<S, object>).send(server(), place)
      const { ssc, drain } = readNumbers(row, place, { open: rejecting })
      await ssc.start()
      expect(await drain(1)).toEqual([1])
      expect(ssc.deadLetters.count).toBe(1)
    })
  }

  test(`threads that die while they read: ${row.guarantee.threads}`, async () => {
    const place = await row.create(server())
    const { ssc, clock, drain } = readNumbers(row, place)
    await ssc.start()
    for (let i = 0; i < 6; i++) {
      await row.send(server(), place, i * 1000, (i + 1) * 1000)
      const advanced = clock.advance(1000)
      await killThread(ssc, i % 2)
      await advanced
      await ssc.awaitIdle()
    }
    expectNumbers(await drain(6000), 6000, row.guarantee.threads)
  })

  check('a graceful stop ends between two records; the next process resumes there', row.resume ?? {}, async () => {
    const place = await row.create(server())
    const checkpointDir = newDirectory()
    await row.send(server(), place, 0, 300)
    const first = readNumbers(row, place, { checkpointDir })
    await first.ssc.start()
    await first.drain(300)
    await row.send(server(), place, 300, 400)
    await first.ssc.stop({ graceful: true })
    await row.send(server(), place, 400, 500)
    const second = readNumbers(row, place, { checkpointDir, clock: new ManualClock(first.clock.now() + 1500) })
    await second.ssc.start()
    const rest = await second.drain(500 - new Set(first.batches.flat()).size)
    expectNumbers([...first.batches.flat(), ...rest], 500, 'exactly-once')
  })

  check(`a process that is killed: ${row.guarantee.process}`, row.resume ?? {}, async () => {
    const place = await row.create(server())
    const checkpointDir = newDirectory()
    const batches = new Map<number, readonly number[]>()
    const arrived = () => [...batches.values()].flat()
    let sent = 0
    const send = async () => await row.send(server(), place, sent, (sent += 200))
    for (let i = 0; i < 2; i++) {
      const child = startProcess(ref, { place, checkpointDir })
      child.onBatch((time, numbers) => {
        // A batch that runs again has the same records.
        if (row.guarantee.process === 'exactly-once' && batches.has(time)) expect(numbers).toEqual(batches.get(time))
        batches.set(time, [...(row.guarantee.process === 'exactly-once' ? [] : (batches.get(time) ?? [])), ...numbers])
      })
      try {
        // The process dies with records in each state: in outputs, in the batch, unread.
        await child.until(() => child.isStarted)
        for (let k = 0; k < 3; k++) await send()
        await child.until(() => new Set(arrived()).size > sent - 400)
        if (i === 0) await send()
        else await child.until(() => new Set(arrived()).size >= sent)
      } finally {
        await child.kill()
      }
    }
    expectNumbers(arrived(), sent, row.guarantee.process)
  })

  if (![row.slow, row.malformed, row.restart ?? {}, row.resume ?? {}].some((given) => isApplicable(given)))
    throw new Error(`${row.name}: too little of the suite applies.`)
}
