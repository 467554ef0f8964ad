import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DStream, type LocalSource, ManualClock, StreamingContext, type StreamingOptions } from 'millrace'
import { afterEach } from 'vitest'

/** Directories and contexts of a test, gone after it. */
export function scratch(): {
  readonly directory: () => string
  readonly manual: (at: number, options?: Partial<StreamingOptions>) => Manual
} {
  const directories: string[] = []
  const open: StreamingContext[] = []
  afterEach(async () => {
    for (const ssc of open.splice(0)) await ssc.stop()
    for (const path of directories.splice(0)) rmSync(path, { recursive: true, force: true })
  })
  return {
    directory: () => {
      const path = mkdtempSync(join(tmpdir(), 'millrace-checkpoints-'))
      directories.push(path)
      return path
    },
    manual: (at, options) => {
      const clock = new ManualClock(at)
      const log: string[] = []
      const note = (message: string) => void log.push(message)
      const logger = { debug: () => {}, info: () => {}, warn: note, error: note }
      const ssc = new StreamingContext({ batchInterval: 1000, threads: 1, spare: false, clock, logger, ...options })
      open.push(ssc)
      return { ssc, clock, log }
    },
  }
}

export interface Manual {
  readonly ssc: StreamingContext
  readonly clock: ManualClock
  readonly log: readonly string[]
}

/** What a killed process leaves: the directory as it is now. Stopping the context would add a last checkpoint. */
export function asAfterKill(from: string, to: string): string {
  cpSync(from, to, { recursive: true })
  return to
}

/** Batch i, from 1, is `batch(i)`. */
export function known<T>(ssc: StreamingContext, batch: (i: number) => readonly T[]): DStream<T> {
  const source: LocalSource<T> = {
    kind: 'local',
    name: 'known',
    replayable: true,
    next: (time) => batch(time / ssc.batchInterval),
  }
  return ssc.input(source)
}

/** Collects a stream's batches as `[time, records]`. */
export function listed<T>(stream: DStream<T>): [number, T[]][] {
  const batches: [number, T[]][] = []
  stream.foreachRDD(async (rdd, time) => {
    batches.push([time, await rdd.collect()])
  })
  return batches
}
