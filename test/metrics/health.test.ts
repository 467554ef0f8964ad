import { type HealthReport, streamHealth } from 'millrace/metrics'
import { terminateThread } from 'millrace/testing'
import { afterEach, describe, expect, test } from 'vitest'
import { manual, run } from '../engine/support.js'

const open: { stop(): Promise<unknown> }[] = []
afterEach(async () => {
  for (const one of open.splice(0)) await one.stop()
})

function streams(options: Parameters<typeof manual>[0] = {}) {
  const made = manual({ threads: 1, spare: false, ...options })
  open.push(made.ssc)
  return made
}

const failing = ({ checks }: HealthReport) => checks.filter(({ ok }) => !ok).map(({ name }) => name)

describe('streams are ready', () => {
  test('from their start to their stop, while batches are on time', async () => {
    const { ssc } = streams()
    ssc.queueStream([[1], [2]]).foreachRDD(() => {})
    const health = streamHealth(ssc)
    expect(health.ready()).toMatchObject({ ok: false })
    expect(failing(health.ready())).toEqual(['started'])
    await ssc.start()
    await run(ssc, 1)
    expect(health.ready()).toMatchObject({ ok: true })
    await ssc.stop()
    expect(failing(health.ready())).toEqual(['started'])
    expect(health.live().ok).toBe(true)
  })

  test('not while a batch is late, and again when batches have caught up', async () => {
    const { ssc, clock } = streams()
    const gate: { open?: () => void } = {}
    ssc.queueStream([[1]], { default: [] }).foreachRDD((_, time) => {
      if (time === 1000)
        return new Promise<void>((resolve) => {
          gate.open = resolve
        })
    })
    const health = streamHealth(ssc, { maxDelay: '3s', stalledAfter: '8s' })
    await ssc.start()
    const isRunning = new Promise((resolve) => ssc.on('batchStarted', resolve))
    await clock.advance(1000)
    await isRunning
    await clock.advance(3000)
    expect(health.ready().ok).toBe(true)
    await clock.advance(1)
    expect(failing(health.ready())).toEqual(['delay'])
    expect(health.live().ok).toBe(true)
    await clock.advance(5000)
    expect(failing(health.live())).toEqual(['progress'])
    gate.open!()
    await ssc.awaitIdle()
    expect(health.live().ok).toBe(true)
    // The last batch waited for the first.
    await run(ssc, 1)
    expect(health.ready().ok).toBe(true)
  })

  test('not while a thread is missing', async () => {
    const { ssc } = streams()
    ssc.queueStream([[1]]).foreachRDD(() => {})
    const health = streamHealth(ssc)
    await ssc.start()
    const seen: string[][] = []
    ssc.on('threadLost', () => void seen.push(failing(health.ready())))
    const restored = new Promise<void>((resolve) => ssc.on('poolRestored', () => resolve()))
    await terminateThread(ssc)
    await restored
    expect(seen).toEqual([['threads']])
    expect(health.ready().ok).toBe(true)
  })
})

test('streams that have failed are not alive, and the report does not show the error', async () => {
  const { ssc } = streams()
  ssc.queueStream([[1]]).foreachRDD(() => {
    throw new Error('secret')
  })
  const health = streamHealth(ssc)
  await ssc.start()
  await run(ssc, 1).catch(() => {})
  await ssc.awaitTermination().catch(() => {})
  expect(failing(health.live())).toEqual(['running'])
  expect(JSON.stringify(health.live())).not.toContain('secret')
})

test('an observation that has ended changes no more', async () => {
  const { ssc } = streams()
  ssc.queueStream([[1]]).foreachRDD(() => {})
  const health = streamHealth(ssc)
  health.close()
  await ssc.start()
  expect(failing(health.ready())).toEqual(['started'])
})

test('options are checked', () => {
  const { ssc } = streams()
  expect(() => streamHealth(ssc, { maxDelay: 'soon' as never })).toThrow(/streamHealth: maxDelay/)
  expect(() => streamHealth(ssc, { max: 1 } as never)).toThrow(/unknown option 'max'/)
})
