import { readingOf } from '../formats/reading.js'
import { dstreams } from '../ops/dstream/facade.js'
import { checkPartitions } from '../ops/partitioner.js'
import { contextOf, RddBuilder } from '../ops/rdd/builder.js'
import type { RddContext } from '../ops/rdd/context.js'
import { facade, type RDD, rdds } from '../ops/rdd/facade.js'
import type { Rdd } from '../ops/rdd/rdd.js'
import { FilePartsRdd } from '../ops/rdd/source-rdds.js'
import type { SaveOptions } from './part-files.js'
import { saveAs, saveBatchesAs } from './save-formats.js'

declare module '../ops/rdd/facade.js' {
  interface BaseRdd<T> {
    /**
     * Writes the elements into a new directory in Millrace's own encoding, one file per partition, for
     * `ctx.objectFile(path)` to read. Action; workers write. A file preserves the same data types as a shuffle: plain
     * data, no classes.
     *
     * ```ts
     * const { tmpdir } = await import('node:os')
     * const path = `${tmpdir()}/objects-${process.pid}-${Date.now()}`
     * await ctx.parallelize([new Map([['a', 1]])]).saveAsObjectFile(path)
     * await ctx.objectFile(path).collect() // [Map { 'a' => 1 }]
     * ```
     *
     * @throws ArgumentError (rejects) if the directory exists, unless `overwrite` is true or the save is part of a
     *   batch, which may run again; SaveError if the files cannot be written.
     */
    saveAsObjectFile(path: string | URL, options?: SaveOptions): Promise<void>
  }
}
declare module '../ops/dstream/facade.js' {
  interface BaseStream<T> {
    /**
     * Saves each batch as `prefix-<time in ms>` or `prefix-<time in ms>.suffix`, in the format of saveAsObjectFile.
     * Output operation; workers write. A batch that runs again replaces its files.
     *
     * ```ts
     * ssc.queueStream([[{ a: 1 }]]).saveAsObjectFiles('out/batch')
     * ```
     */
    saveAsObjectFiles(prefix: string | URL, suffix?: string): void
  }
}
declare module '../ops/rdd/builder.js' {
  interface RddBuilder {
    /**
     * Reads the elements that saveAsObjectFile wrote, in their order. Each file belongs to one of `minPartitions`
     * partitions. Narrow; runs no job: the first action that needs the files lists the directory, and workers read each
     * file into memory. A damaged file fails the task.
     *
     * ```ts
     * const { tmpdir } = await import('node:os')
     * const path = `${tmpdir()}/read-${process.pid}-${Date.now()}`
     * await ctx.parallelize([{ a: 1 }]).saveAsObjectFile(path)
     * await ctx.objectFile(path).collect() // [{ a: 1 }]
     * ```
     *
     * @throws ArgumentError unless `path` is a path. Actions reject with SourceError if the directory is missing or
     *   incomplete.
     */
    objectFile<T>(path: string | URL, minPartitions?: number): RDD<T>
  }
}

rdds.saveAsObjectFile = function (path, options = {}) {
  return saveAs(this, path, { format: 'objects', options, label: 'saveAsObjectFile' })
}
dstreams.saveAsObjectFiles = function (prefix, suffix) {
  saveBatchesAs(this, prefix, suffix, { format: 'objects', options: {}, label: 'saveAsObjectFiles' })
}

/** Reads the directory that saveAsObjectFile has written for a dataset of `parts` partitions. */
export function openCheckpoint<T>(context: RddContext, path: string, parts: number): Rdd<T> {
  return new FilePartsRdd<T>(
    context,
    { path, isSave: true, label: 'checkpoint', parts, reading: readingOf('objects', {}, 'checkpoint') },
    parts,
  )
}

RddBuilder.prototype.objectFile = function <T>(path: string | URL, minPartitions?: number): RDD<T> {
  const context = contextOf(this)
  const reading = readingOf('objects', {}, 'objectFile')
  const files = { path: context.files.resolve(path, 'objectFile'), isSave: true, label: 'objectFile', reading }
  return facade(new FilePartsRdd<T>(context, files, checkPartitions(minPartitions ?? this.parallelism)))
}
