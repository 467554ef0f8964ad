import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { SourceError } from '../errors.js'
import { absolutePath } from '../files/paths.js'
import { Stream } from '../ops/dstream/dstream.js'
import { builtin, defineBuiltin } from '../ops/functions/builtin.js'
import { RddBuilder } from '../ops/rdd/builder.js'
import { step } from '../ops/rdd/elementwise.js'
import { type RDD, Rdd } from '../ops/rdd/rdd.js'
import { ByteWriter } from '../pool/blocks/byte-writer.js'
import { openObjects, sealObjects } from '../pool/blocks/object-file.js'
import { decodeRecords, encodeRecords } from '../pool/blocks/records-codec.js'
import { type SaveOptions, SUCCESS, saveEach, saveNew, writePart } from './part-files.js'

declare module '../ops/rdd/rdd.js' {
  interface Rdd<T> {
    /**
     * Writes the elements as they are into a new directory, one file a partition, for `ctx.objectFile(path)` to read.
     * Workers write; what such a file keeps is what a shuffle keeps (plain data, no classes). Rejects with ArgumentError
     * if the directory is there already, unless `overwrite` is given or the save is part of a batch, which may run again.
     *
     * ```ts
     * const { tmpdir } = await import('node:os')
     * const path = `${tmpdir()}/objects-${process.pid}-${Date.now()}`
     * await ctx.parallelize([new Map([['a', 1]])]).saveAsObjectFile(path)
     * await ctx.objectFile(path).collect() // [Map { 'a' => 1 }]
     * ```
     */
    saveAsObjectFile(path: string | URL, options?: SaveOptions): Promise<void>
  }
}
declare module '../ops/dstream/dstream.js' {
  interface Stream<T> {
    /**
     * Saves each batch as `prefix-<time in ms>` or `prefix-<time in ms>.suffix`, as saveAsObjectFile. An output
     * operation. A batch that is done again replaces what it wrote before.
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
     * The elements that saveAsObjectFile wrote into a directory, one partition a file. The directory is listed now, the
     * workers read when an action asks; each file is held in memory. Throws SourceError if the directory is not there or
     * not complete; a damaged file fails the task.
     */
    objectFile<T>(path: string | URL): RDD<T>
  }
}

defineBuiltin('saveObjects', (directory: string) => (records: readonly unknown[], partition: number) => {
  const bytes = new ByteWriter()
  encodeRecords(bytes, records)
  writePart(directory, partition, sealObjects(bytes.bytes()))
})

const write = (directory: string) => builtin('saveObjects', directory)

Rdd.prototype.saveAsObjectFile = function (path, options) {
  return saveNew(this, path, write, 'saveAsObjectFile', options)
}
Stream.prototype.saveAsObjectFiles = function (prefix, suffix) {
  saveEach(this, prefix, suffix, write, 'saveAsObjectFiles')
}

const PART = /^part-(\d+)$/

defineBuiltin('readObjects', () => (path: string) => decodeRecords(openObjects(readFileSync(path), path)))

function list(path: string): string[] {
  try {
    return readdirSync(path)
  } catch (cause) {
    throw new SourceError(`objectFile: the directory '${path}' cannot be read. Give one that saveAsObjectFile made.`, {
      cause,
      details: { path },
    })
  }
}

RddBuilder.prototype.objectFile = function <T>(given: string | URL): RDD<T> {
  const path = absolutePath(given, 'objectFile')
  const names = list(path)
  if (!names.includes(SUCCESS)) {
    throw new SourceError(`objectFile: '${path}' has no _SUCCESS: it was not written to its end. Save it anew.`, {
      details: { path },
    })
  }
  const parts = names
    .filter((name) => PART.test(name))
    .sort((a, b) => Number(PART.exec(a)![1]) - Number(PART.exec(b)![1]))
  if (parts.length === 0) return this.emptyRDD<T>()
  const files = this.parallelize(
    parts.map((name) => join(path, name)),
    parts.length,
  )
  return step<T>(files, 'flatMap', builtin('readObjects'), 'objectFile')
}
