import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import {
  type DStream,
  type LocalSource,
  ManualClock,
  type RDD,
  StreamingContext,
  type StreamingOptions,
} from 'millrace'
import { afterEach } from 'vitest'
import { CheckpointFolder } from '#build/engine/checkpoint/folder.js'
import { FileSystems } from '#build/files/file-systems.js'

/** The files of this machine, as a context has them. */
export const localFiles = new FileSystems({}, () => Promise.reject())

export function folderAt(path: string): Promise<CheckpointFolder> {
  return CheckpointFolder.open(localFiles, path)
}

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

/**
 * Copies the directory as a killed process would leave it: stopping the context would add a last checkpoint. Leaves out the
 * owner's file, because its process lives, so that a second context would wait for the end of its heartbeats.
 */
export function asAfterKill(from: string, to: string): string {
  cpSync(from, to, { recursive: true, filter: (path) => !basename(path).startsWith('owner-') })
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
  const collect = async (rdd: RDD<T>, time: number) => void batches.push([time, await rdd.collect()])
  stream.foreachRDD(collect, { inMemory: true })
  return batches
}
