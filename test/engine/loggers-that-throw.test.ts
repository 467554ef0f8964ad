import { type Logger, ManualClock, StreamingContext } from 'millrace'
import { expect, test, vi } from 'vitest'

const LOGGERS: Record<string, (message: string) => void> = {
  throws: () => {
    throw new Error('disk full')
  },
  rejects: async () => {
    throw new Error('disk full')
  },
}

test.each(Object.keys(LOGGERS))('a logger that %s ends no batch, and its message goes to stderr', async (kind) => {
  const log = LOGGERS[kind]!
  const logger: Logger = { debug: log, info: log, warn: log, error: log }
  const stderr = vi.spyOn(console, 'error').mockImplementation(() => {})
  const clock = new ManualClock(0)
  const ssc = new StreamingContext({ batchInterval: 1000, threads: 1, spare: false, clock, logger })
  const counts: number[] = []
  ssc.queueStream([[1], [1, 2]]).foreachRDD(async (rdd) => {
    counts.push(await rdd.count())
  })
  ssc.on('batchCompleted', () => {
    throw new Error('listener')
  })
  await ssc.start()
  await clock.advance(2000)
  await ssc.awaitIdle()
  await ssc.stop()
  expect(counts).toEqual([1, 2])
  expect(stderr.mock.calls.flat().join(' ')).toMatch(
    /logger\.error failed for the message: a listener threw.*disk full/s,
  )
  stderr.mockRestore()
})
