import { type Logger, StreamingContext } from 'millrace'
import pino from 'pino'
import { expect, test, vi } from 'vitest'
import { stderrLogger } from '#build/engine/logger.js'
import { SourceError } from '#build/errors.js'
import { manual } from './support.js'

interface Line {
  readonly level: number
  readonly time: number
  readonly msg: string
  readonly err?: { readonly message: string; readonly stack: string }
  readonly failure?: { readonly message: string }
  readonly details?: unknown
}

function pinoLines(options: pino.LoggerOptions = {}): { logger: Logger; lines: Line[] } {
  const lines: Line[] = []
  return { logger: pino(options, { write: (line: string) => void lines.push(JSON.parse(line)) }), lines }
}

async function failingBatch(logger: Logger): Promise<void> {
  const { ssc, clock } = manual({ logger, threads: 1, spare: false, onBatchError: 'skip' })
  await using _ssc = ssc
  ssc.queueStream([[1]]).foreachRDD(() => {
    throw new RangeError('database is locked')
  })
  await ssc.start()
  await clock.advance(1000)
  await ssc.awaitIdle()
}

test('pino logs the message and the error, with its stack', async () => {
  const { logger, lines } = pinoLines()
  await failingBatch(logger)
  const [line] = lines.filter(({ level }) => level === 50)
  expect(line).toMatchObject({
    msg: expect.stringContaining('batch 1000 ms was skipped'),
    err: { message: expect.stringContaining('database is locked'), stack: expect.stringContaining('logger.test') },
  })
})

test('a child of pino and its errorKey are respected', async () => {
  const { logger, lines } = pinoLines({ errorKey: 'failure' })
  await failingBatch((logger as pino.Logger).child({ service: 'counts' }))
  expect(lines.find(({ level }) => level === 50)).toMatchObject({
    service: 'counts',
    msg: expect.stringContaining('was skipped'),
    failure: { message: expect.stringContaining('database is locked') },
  })
})

test('details do not replace the fields of pino', async () => {
  const { logger, lines } = pinoLines()
  const { ssc, clock } = manual({ logger, threads: 1, spare: false })
  await using _ssc = ssc
  ssc.queueStream([[1]]).foreachRDD(() => undefined)
  await ssc.start()
  await clock.advance(5000)
  await clock.advance(-4000)
  await clock.advance(1000)
  expect(lines.every(({ time, msg }) => time > 1e12 && typeof msg === 'string')).toBe(true)
  expect(lines.length).toBeGreaterThan(0)
})

test('other loggers get the message first', async () => {
  const calls: unknown[][] = []
  const note = (...args: unknown[]) => void calls.push(args)
  const child = () => undefined
  await failingBatch({ debug: note, info: note, warn: note, error: note, child } as Logger)
  expect(calls).toContainEqual([
    expect.stringContaining('batch 1000 ms was skipped'),
    expect.objectContaining({ message: expect.stringContaining('database is locked') }),
  ])
})

test('a pipeline in a driver thread logs to pino as well', async () => {
  const { logger, lines } = pinoLines()
  const url = new URL('./driver-pipelines/kinds.mjs', import.meta.url)
  await using ssc = await StreamingContext.fromPipeline(url, {
    batchInterval: 1000,
    threads: 1,
    driver: 'thread',
    logger,
  })
  await ssc.start()
  await ssc.start()
  expect(lines).toMatchObject([{ msg: 'start() was called on a context that is started already' }])
})

test('stderr gets one line for a refused connection, and the stack of an error that says more', () => {
  const warn = vi.spyOn(console, 'warn').mockReturnValue(undefined)
  const refused = Object.assign(new Error('connect ECONNREFUSED ::1:9'), { code: 'ECONNREFUSED' })
  const wrapped = new SourceError(`x: ${refused.message}`, { cause: refused })
  const fault = new RangeError('out of range')
  try {
    stderrLogger.warn(`x: ${refused.message}. Connecting again.`, refused)
    stderrLogger.warn(`start failed: ${wrapped.message}`, wrapped)
    stderrLogger.warn('x: trying again', refused)
    stderrLogger.warn('x: out of range', fault)
    stderrLogger.warn('x: bad answer', new SourceError('bad answer', { cause: fault }))
    const [first, second, third, fourth, fifth] = warn.mock.calls
    expect(first).toEqual(['millrace: x: connect ECONNREFUSED ::1:9. Connecting again.'])
    expect(second).toEqual(['millrace: start failed: x: connect ECONNREFUSED ::1:9'])
    expect(third).toEqual(['millrace: x: trying again', refused])
    expect(fourth).toEqual(['millrace: x: out of range', fault])
    expect(fifth).toHaveLength(2)
  } finally {
    warn.mockRestore()
  }
})
