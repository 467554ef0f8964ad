import { mkdtempSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type KeyState, ManualClock, type Rdd, StateSpec, StreamingContext, type StreamingOptions } from 'millrace'
import { terminateThread } from 'millrace/testing'
import { beforeAll, describe, expect, test } from 'vitest'
import { asAfterKill } from '../engine/checkpoint/support.js'

const QUIET = { debug() {}, info() {}, warn() {}, error() {} }
const BATCHES = 12
const folder = (): string => mkdtempSync(join(tmpdir(), 'golden-'))

interface Disturbance {
  /** Batches while which a thread is killed. */
  readonly kills?: readonly number[]
  /** After this batch the process is as if killed: another context continues from its checkpoint. */
  readonly restartAfter?: number
  readonly options?: Partial<StreamingOptions>
}

/** Every operator with state over files that appear in a directory, read every `slide` seconds: results by name and batch. */
async function results(slide: number, { kills = [], restartAfter, options }: Disturbance): Promise<string[]> {
  const directory = folder()
  const checkpoints = folder()
  const every = `${slide}s`
  const found = new Map<string, string>()
  const build = (ssc: StreamingContext): void => {
    const note = (name: string) => async (rdd: Rdd<unknown>, time: number) => {
      const key = `${name} ${String(time / 1000).padStart(2, '0')}`
      const records = (await rdd.collect()).map(String).sort().join(' ')
      const before = found.get(key)
      // A batch that runs again after the restart must give the same.
      found.set(key, before === undefined || before === records ? records : `${before}, then ${records}`)
    }
    const lines = ssc.textFileStream(directory, { newFilesOnly: false, splitBytes: 40 }).map((line) => line.split(' '))
    const pairs = lines.map(([key, value]): [string, number] => [key!, Number(value)])
    pairs
      .updateStateByKey<number>((values, total) => values.reduce((a, b) => a + b, total ?? 0))
      .window('1s', every)
      .foreachRDD(note('state'))
    pairs
      .reduceByKeyAndWindow((a, b) => a + b, `${2 * slide}s`, every, { inverse: (a, b) => a - b })
      .foreachRDD(note('inverse'))
    pairs.countByWindow('3s').window('1s', every).foreachRDD(note('count'))
    pairs
      .map(([key]) => key)
      .countByValueAndWindow(`${3 * slide}s`, every)
      .foreachRDD(note('values'))
    pairs
      .mapWithState(
        StateSpec.function((key: string, _value: number | undefined, state: KeyState<{ n: number }>) => {
          const kept = state.getOption() ?? { n: 0 }
          kept.n += 1
          state.update(kept)
          return `${key} ${kept.n}`
        }),
      )
      .window(every, every)
      .foreachRDD(note('map'))
    pairs
      .withTimestamps(([, value]) => value * 100)
      .tumbling('200ms')
      .countByKey()
      .map(({ key, window, value }) => `${key} ${window.start} ${value}`)
      .window(every, every)
      .foreachRDD(note('event time'))
  }
  const write = (batch: number): void => {
    for (let file = 0; file < batch % 3; file++) {
      const path = join(directory, `${batch}-${file}`)
      const text = Array.from({ length: 5 + batch }, (_, i) => `k${(batch + i) % 4} ${batch + ((batch * i) % 7)}\n`)
      writeFileSync(path, text.join(''))
      utimesSync(path, batch - 0.5, batch - 0.5)
    }
  }
  const run = async (from: number, to: number, checkpointDir: string): Promise<void> => {
    const clock = new ManualClock(from * 1000)
    const context = { batchInterval: 1000, threads: 2, logger: QUIET, stateSnapshotInterval: 3, clock, ...options }
    await using ssc = new StreamingContext({ ...context, checkpointDir, checkpointInterval: 1000 })
    build(ssc)
    await ssc.start()
    for (let batch = from + 1; batch <= to; batch++) {
      write(batch)
      // Without waiting: the batch runs meanwhile. A thread that is being replaced cannot be killed.
      if (kills.includes(batch)) terminateThread(ssc, batch % context.threads).catch(() => {})
      await clock.advance(1000)
      await ssc.awaitIdle()
    }
    await ssc.awaitIdle()
    // A context that is stopped writes a last checkpoint; one that is killed does not.
    if (to < BATCHES) asAfterKill(checkpointDir, join(checkpoints, 'second'))
  }
  await run(0, restartAfter ?? BATCHES, join(checkpoints, 'first'))
  if (restartAfter !== undefined) await run(restartAfter, BATCHES, join(checkpoints, 'second'))
  return [...found].sort(([a], [b]) => (a < b ? -1 : 1)).map(([key, records]) => `${key}: ${records}`)
}

const DISTURBANCES: readonly Disturbance[] = [
  { options: { threads: 1, spare: false } },
  { kills: [2, 4, 6, 8, 10] },
  { kills: [3, 7], restartAfter: 5, options: { replicas: 1 } },
  { restartAfter: 7, options: { threads: 1, spare: false } },
  { kills: [1, 2, 3, 9], restartAfter: 3, options: { replication: 'copy', memoryLimit: 8 * 1024 * 1024 } },
  { kills: [5, 6], restartAfter: 10, options: { threads: 3, speculation: true } },
]

describe.each([2, 3, 5])('files, state read every %i s', (slide) => {
  let undisturbed: string[]
  beforeAll(async () => {
    undisturbed = await results(slide, {})
    expect(undisturbed.length).toBe(6 * Math.floor(BATCHES / slide))
  })

  test.each(DISTURBANCES)('the same with %j', async (disturbance) => {
    expect(await results(slide, disturbance)).toEqual(undisturbed)
  })
})
