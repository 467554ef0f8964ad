import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DirectSource, ManualClock, StreamingContext } from 'millrace'
import { afterEach, expect, test } from 'vitest'

const directories: string[] = []
const open: StreamingContext[] = []
afterEach(async () => {
  for (const ssc of open.splice(0)) await ssc.stop()
  for (const path of directories.splice(0)) rmSync(path, { recursive: true, force: true })
})

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'millrace-stop-'))
  directories.push(path)
  return path
}

function put(directory: string, name: string, seconds: number): void {
  const path = join(directory, name)
  writeFileSync(path, `${name}\n`)
  utimesSync(path, seconds, seconds)
}

function context(clock: ManualClock, checkpointDir?: string): StreamingContext {
  const ssc = new StreamingContext({ batchInterval: 1000, threads: 1, spare: false, clock, checkpointDir })
  open.push(ssc)
  return ssc
}

test('the last batch of a graceful stop has new files only', async () => {
  const directory = folder()
  const clock = new ManualClock(10_000)
  const ssc = context(clock)
  const lines: string[][] = []
  ssc.textFileStream(directory).foreachRDD(async (rdd) => void lines.push(await rdd.collect()))
  await ssc.start()
  put(directory, 'a', 10.5)
  await clock.advance(1000)
  await ssc.awaitIdle()
  put(directory, 'b', 11.5)
  await clock.advance(500)
  await ssc.stop({ graceful: true })
  expect(lines).toEqual([['a'], ['b']])
})

test('the last checkpoint of a graceful stop counts each file once', async () => {
  const [directory, checkpoints] = [folder(), folder()]
  const totals: number[] = []
  const build = (clock: ManualClock) => {
    const ssc = context(clock, checkpoints)
    ssc
      .textFileStream(directory)
      .map((line): [string, number] => [line.slice(0, 1), 1])
      .updateStateByKey<number>((values, sum) => values.length + (sum ?? 0))
      .foreachRDD(async (rdd) => void totals.push(...(await rdd.values().collect())))
    return ssc
  }
  const clock = new ManualClock(10_000)
  const first = build(clock)
  await first.start()
  put(directory, 'f1', 10.5)
  put(directory, 'f2', 10.5)
  await clock.advance(1000)
  await first.awaitIdle()
  await first.stop({ graceful: true })
  const later = new ManualClock(13_000)
  const second = build(later)
  await second.start()
  await later.advance(1000)
  await second.awaitIdle()
  expect(new Set(totals)).toEqual(new Set([2]))
})

test('a reader is closed once, and asked for nothing afterwards', async () => {
  const calls: string[] = []
  const source: DirectSource = {
    kind: 'direct',
    name: 'calls',
    create: () => ({
      open: async () => void calls.push('open'),
      next: async (time) => {
        calls.push(`next ${time}`)
        return { partitions: [] }
      },
      close: async () => void calls.push('close'),
    }),
  }
  for (const graceful of [true, false]) {
    calls.length = 0
    const clock = new ManualClock(10_000)
    const ssc = context(clock)
    ssc.input<string>(source).foreachRDD(() => {})
    await ssc.start()
    await clock.advance(1000)
    await ssc.stop({ graceful })
    expect(calls).toEqual(['open', 'next 11000', ...(graceful ? ['next 12000'] : []), 'close'])
  }
})
