import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DirectSource, type DStream, ManualClock, StreamingContext, type StreamingOptions } from 'millrace'
import { afterEach, expect, test } from 'vitest'
import { killThread } from '../support/kill.js'
import { range } from '../support/streams.js'
import { gather, manual } from './support.js'

const module = new URL('../fixtures/numbers-reader.mjs', import.meta.url).href
const open: StreamingContext[] = []
const directories: string[] = []
afterEach(async () => {
  for (const ssc of open.splice(0)) await ssc.stop()
  for (const path of directories.splice(0)) rmSync(path, { recursive: true, force: true })
})

function directory(): string {
  const path = mkdtempSync(join(tmpdir(), 'millrace-caught-up-'))
  directories.push(path)
  return path
}

/** A log that grows while it is read, and its reader, which takes ten numbers a batch. */
function growingLog(log: { length: number }): DirectSource<{ from: number; to: number }> {
  return {
    kind: 'direct',
    name: 'log',
    reader: { module, export: 'numbers' },
    create: () => {
      let at = 0
      let end = Number.POSITIVE_INFINITY
      return {
        open: async (_zero, _interval, position) => {
          at = (position as number | undefined) ?? 0
        },
        stopAtEnd: async () => {
          end = log.length
        },
        next: async () => {
          log.length += 5
          const from = at
          at = Math.min(at + 10, end, log.length)
          return { partitions: from < at ? [{ from, to: at }] : [], atEnd: at >= end }
        },
        replay: (_time, { partitions }) => {
          at = partitions.at(-1)?.to ?? at
        },
        position: () => at,
        close: async () => {},
      }
    },
  }
}

function context(options: Partial<StreamingOptions> = {}) {
  const { ssc, log, clock } = manual(options)
  open.push(ssc)
  return { ssc, log, clock }
}

test('batches follow each other without the clock until the end that a source had at the start, then the streams stop', async () => {
  const log = { length: 35 }
  const { ssc } = context()
  ssc.input<number>(growingLog(log)).output('numbers')
  const batches = gather<number>(ssc, 'numbers')
  await ssc.start({ until: 'caught-up' })
  await ssc.awaitTermination()
  expect(ssc.state).toBe('STOPPED')
  expect((await batches).map(({ records }) => records)).toEqual([
    range(0, 10),
    range(10, 20),
    range(20, 30),
    range(30, 35),
  ])
  expect((await batches).map(({ time }) => time)).toEqual([1000, 2000, 3000, 4000])
  expect(log.length).toBe(55)
})

test('a source without data runs one empty batch', async () => {
  const { ssc } = context()
  ssc.input<number>(growingLog({ length: 0 })).output('numbers')
  const batches = gather<number>(ssc, 'numbers')
  await ssc.start({ until: 'caught-up' })
  await ssc.awaitTermination()
  expect((await batches).map(({ records }) => records)).toEqual([[]])
})

test('with checkpoints, each run continues where the one before ended', async () => {
  const checkpointDir = directory()
  const log = { length: 12 }
  const seen: number[] = []
  const times: number[] = []
  for (let run = 0; run < 3; run++) {
    const { ssc, log: messages } = context({ checkpointDir })
    ssc.on('batchCompleted', ({ time }) => times.push(time))
    ssc.input<number>(growingLog(log)).foreachRDD(async (rdd) => {
      seen.push(...(await rdd.collect()))
    })
    const end = log.length
    await ssc.start({ until: 'caught-up' })
    await ssc.awaitTermination()
    expect(seen).toEqual(range(0, end))
    expect(messages).toEqual([])
  }
  expect(times).toEqual(times.map((_, i) => (i + 1) * 1000))
})

test('every input must reach its end, and a killed thread loses nothing', async () => {
  const { ssc } = context()
  ssc.input<number>(growingLog({ length: 25 })).output('numbers')
  ssc.queueStream(range(0, 6).map((n) => [`q${n}`])).output('queue')
  const numbers = gather<number>(ssc, 'numbers')
  const queue = gather<string>(ssc, 'queue')
  ssc.on('batchStarted', ({ time }) => {
    if (time === 2000) void killThread(ssc, 0)
  })
  await ssc.start({ until: 'caught-up' })
  await ssc.awaitTermination()
  expect((await numbers).flatMap(({ records }) => records)).toEqual(range(0, 25))
  expect((await queue).flatMap(({ records }) => records)).toEqual(['q0', 'q1', 'q2', 'q3', 'q4', 'q5'])
})

/** A folder with two files from long ago. */
function oldFiles(): string {
  const path = directory()
  for (const name of ['a', 'b']) {
    writeFileSync(join(path, `${name}.json`), `"${name}1"\n"${name}2"\n`)
    utimesSync(join(path, `${name}.json`), 1000, 1000)
  }
  return path
}

/** The records of each batch of a run over files, with the system clock, which the times of files follow. */
async function runOver(input: (ssc: StreamingContext) => DStream<string>, options: Partial<StreamingOptions> = {}) {
  const ssc = new StreamingContext({ batchInterval: '1h', threads: 2, ...options })
  open.push(ssc)
  input(ssc).output('records')
  const batches = gather<string>(ssc, 'records')
  await ssc.start({ until: 'caught-up' })
  await ssc.awaitTermination()
  return (await batches).map(({ records }) => records.toSorted())
}

test.each([
  ['textFileStream', {}, ['"a1"', '"a2"', '"b1"', '"b2"']],
  ['textFileStream', { newFilesOnly: false }, ['"a1"', '"a2"', '"b1"', '"b2"']],
  ['textFileStream', { newFilesOnly: true }, []],
  ['fileStream', {}, ['a1', 'a2', 'b1', 'b2']],
  ['fileStream', { newFilesOnly: true }, []],
] as const)(
  '%s %j: all files that are there, however old, in one batch, unless newFilesOnly is true',
  async (operation, options, records) => {
    const path = oldFiles()
    const input = (ssc: StreamingContext) =>
      operation === 'textFileStream'
        ? ssc.textFileStream(path, options)
        : ssc.fileStream<string>(path, { format: 'json', ...options })
    expect(await runOver(input)).toEqual([records])
  },
)

test('files: with checkpoints, a later run reads only what was added, however old', async () => {
  const checkpointDir = directory()
  const path = oldFiles()
  const run = () => runOver((ssc) => ssc.textFileStream(path), { checkpointDir })
  expect(await run()).toEqual([['"a1"', '"a2"', '"b1"', '"b2"']])
  writeFileSync(join(path, 'c.json'), '"c1"\n')
  utimesSync(join(path, 'c.json'), 500, 500)
  expect(await run()).toEqual([['"c1"']])
})

test('a stop ends the run after its batch; a later run continues', async () => {
  const checkpointDir = directory()
  const seen: number[] = []
  const run = async (onBatch: (ssc: StreamingContext) => void) => {
    const { ssc } = context({ checkpointDir })
    ssc.input<number>(growingLog({ length: 40 })).foreachRDD(async (rdd) => {
      seen.push(...(await rdd.collect()))
      onBatch(ssc)
    })
    await ssc.start({ until: 'caught-up' })
    await ssc.awaitTermination()
  }
  let batches = 0
  await run((ssc) => {
    if (++batches === 2) void ssc.stop({ graceful: true })
  })
  expect(seen).toEqual(range(0, 20))
  await run(() => {})
  expect(seen).toEqual(range(0, 40))
})

test('a batch that fails stops the streams with its error', async () => {
  const { ssc } = context()
  ssc.input<number>(growingLog({ length: 40 })).foreachRDD(() => {
    throw new Error('no disk')
  })
  await ssc.start({ until: 'caught-up' })
  await expect(ssc.awaitTermination()).rejects.toThrow('no disk')
})

test('inputs without an end, and wrong options, are refused', async () => {
  const { ssc } = context()
  ssc.pushStream('clicks').foreachRDD(() => {})
  ssc.queueStream([[1]]).foreachRDD(() => {})
  await expect(ssc.start({ until: 'caught-up' })).rejects.toThrow(
    "start({ until: 'caught-up' }) got inputs that have no end: clicks (receiver)",
  )
  const { ssc: other } = context()
  const source = growingLog({ length: 1 })
  const create = () => ({ ...source.create(), stopAtEnd: undefined })
  other.input({ ...source, create }).foreachRDD(() => {})
  await expect(other.start({ until: 'caught-up' })).rejects.toMatchObject({
    code: 'ERR_MILLRACE_ARGUMENT',
    message: /got log, which has no end. Use it with files, Kafka, tables/,
  })
  const { ssc: third } = context()
  third.queueStream([[1]]).foreachRDD(() => {})
  await expect(third.start({ until: 'later' as never })).rejects.toThrow('until is "later"; it must be')
  await expect(third.start({ till: 'x' } as never)).rejects.toThrow("unknown option 'till'")
  expect(third.state).toBe('INITIALIZED')
})

test('the process stays alive and ends by itself with the system clock', async () => {
  const ssc = new StreamingContext({ batchInterval: '10m', threads: 1, spare: false })
  open.push(ssc)
  expect(ssc.clock).not.toBeInstanceOf(ManualClock)
  ssc.queueStream([[1], [2], [3]]).output('n')
  const batches = gather<number>(ssc, 'n')
  await ssc.start({ until: 'caught-up' })
  await ssc.awaitTermination()
  expect((await batches).map(({ records }) => records)).toEqual([[1], [2], [3]])
})
