import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Context, ManualClock, type OutputBatch, StreamingContext } from 'millrace'
import { expect, vi } from 'vitest'
import { defaultStopMs } from '#build/engine/streaming/stop-result.js'
import { checkStreamingOptions } from '#build/engine/streaming/streaming-options.js'

/** An option whose default is a behaviour: the page's text, and a check that fails if the default does anything else. */
export interface Behaviour {
  readonly text: string
  readonly check: () => Promise<void> | void
}

function context(options: object = {}) {
  const clock = new ManualClock(0)
  return { clock, ssc: new StreamingContext({ batchInterval: 1000, threads: 1, spare: false, clock, ...options }) }
}

/** Pushes a record that no batch has taken, stops as given, and returns what came out. */
async function stopped(options: object): Promise<unknown[]> {
  const { ssc } = context()
  const numbers = ssc.pushStream<number>('numbers')
  const out: unknown[] = []
  numbers.foreachRDD(async (rdd) => void out.push(...(await rdd.collect())))
  await ssc.start()
  await numbers.push(1)
  await ssc.stop(options)
  return out
}

/** Opens a pipeline module whose output is its parameters. */
async function opened(options: object): Promise<StreamingContext> {
  const url = new URL('../engine/driver-pipelines/parameters.mjs', import.meta.url)
  const given = { batchInterval: 1000, threads: 1, spare: false, ...options }
  return (await StreamingContext.fromPipeline(url, given)) as StreamingContext
}

async function parameters(options: object): Promise<unknown> {
  const clock = new ManualClock(0)
  const ssc = await opened({ clock, ...options })
  const batches: OutputBatch<unknown>[] = []
  const reading = (async () => {
    for await (const batch of ssc.output('params')) batches.push(batch)
  })()
  await ssc.start()
  await clock.advance(1000)
  await ssc.stop({ graceful: true })
  await reading
  return batches.flatMap(({ records }) => records)
}

export const BEHAVIOUR: Readonly<Record<string, Behaviour>> = {
  fileSystems: {
    text: 'none',
    check: () => {
      const ctx = new Context()
      expect(ctx.options.fileSystems).toEqual({})
      expect(() => ctx.textFile('ftp://host/file')).toThrow('fileSystems')
    },
  },
  logger: {
    text: 'warnings and errors to stderr',
    check: () => {
      const written: string[] = []
      const spies = (['debug', 'info', 'log', 'warn', 'error'] as const).map((name) =>
        vi
          .spyOn(console, name)
          .mockImplementation((...texts: unknown[]) => void written.push(`${name} ${texts.join()}`)),
      )
      try {
        const { logger } = new Context().options
        for (const level of ['debug', 'info', 'warn', 'error'] as const) logger[level](level)
        expect(written).toEqual(['warn millrace: warn', 'error millrace: error'])
      } finally {
        for (const spy of spies) spy.mockRestore()
      }
    },
  },
  checkpointDir: {
    text: 'none',
    check: () => expect(checkStreamingOptions({ batchInterval: 20 }).checkpointDir).toBeUndefined(),
  },
  params: {
    text: '`{}`',
    check: async () => {
      expect(await parameters({})).toEqual([{}])
      expect(await parameters({ params: { a: 1 } })).toEqual([{ a: 1 }])
    },
  },
  driver: {
    text: "`'host'`",
    check: async () => {
      const ssc = await opened({})
      expect(ssc).toBeInstanceOf(StreamingContext)
      await ssc.stop()
    },
  },
  until: {
    text: 'until `stop()`',
    check: async () => {
      const { ssc, clock } = context()
      ssc.queueStream([[1]]).foreachRDD(() => {})
      await ssc.start()
      await clock.advance(5000)
      await ssc.awaitIdle()
      expect(ssc.state).toBe('ACTIVE')
      await ssc.stop()
    },
  },
  standby: {
    text: '`false`',
    check: async () => {
      const checkpointDir = mkdtempSync(join(tmpdir(), 'standby-'))
      const both = [context({ checkpointDir }), context({ checkpointDir })].map(({ ssc }) => ssc)
      try {
        for (const ssc of both) ssc.pushStream('numbers').foreachRDD(() => {})
        await both[0]!.start()
        await expect(both[1]!.start()).rejects.toMatchObject({ code: 'ERR_MILLRACE_CHECKPOINT' })
      } finally {
        for (const ssc of both) await ssc.stop()
        rmSync(checkpointDir, { recursive: true })
      }
    },
  },
  dropState: {
    text: 'none',
    check: async () => {
      const checkpointDir = mkdtempSync(join(tmpdir(), 'drop-state-'))
      const both = [context({ checkpointDir }), context({ checkpointDir })].map(({ ssc }) => ssc)
      try {
        both[0]!
          .pushStream('numbers')
          .window('2s')
          .foreachRDD(() => {})
        await both[0]!.start()
        await both[0]!.stop({ graceful: true })
        both[1]!.pushStream('numbers').foreachRDD(() => {})
        await expect(both[1]!.start()).rejects.toMatchObject({ code: 'ERR_MILLRACE_CHECKPOINT' })
      } finally {
        for (const ssc of both) await ssc.stop()
        rmSync(checkpointDir, { recursive: true })
      }
    },
  },
  graceful: {
    text: '`false`',
    check: async () => {
      expect(await stopped({})).toEqual([])
      expect(await stopped({ graceful: true })).toEqual([1])
    },
  },
  stopContext: {
    text: '`true`',
    check: async () => {
      const { ssc } = context()
      ssc.queueStream([[1]]).foreachRDD(() => {})
      await ssc.start()
      await ssc.stop({ stopContext: false })
      expect(await ssc.context.range(3).count()).toBe(3)
      await ssc.stop()
      expect(() => ssc.context.range(3)).toThrow('stopped')
    },
  },
  timeout: {
    text: "ten batch intervals and at least `'5s'` with `graceful`, else `'3s'`",
    check: () => {
      expect([defaultStopMs(true, 100), defaultStopMs(true, 1000), defaultStopMs(false, 1000)]).toEqual([
        5000, 10_000, 3000,
      ])
    },
  },
}
