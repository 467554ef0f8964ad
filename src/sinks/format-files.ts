import { ArgumentError } from '../errors.js'
import type { CsvWriteOptions } from '../formats/csv/options.js'
import type { JsonWriteOptions } from '../formats/json-lines.js'
import type { ParquetWriteOptions } from '../formats/parquet/options.js'
import type { SequenceWriteOptions } from '../formats/sequence/options.js'
import type { TextWriteOptions } from '../formats/text.js'
import { dstreams, pairStreams } from '../ops/dstream/facade.js'
import { pairs, rdds } from '../ops/rdd/facade.js'
import { describe } from '../values/describe.js'
import type { SaveOptions } from './part-files.js'
import { saveAs, saveBatchesAs } from './save-formats.js'

/** The layout of saveAsHadoopFile: lines of key, tab and value, or Hadoop's SequenceFiles. */
export type HadoopFormat =
  | ({ readonly format?: 'text' } & TextWriteOptions)
  | ({ readonly format: 'sequence' } & SequenceWriteOptions)

declare module '../ops/rdd/facade.js' {
  interface BaseRdd<T> {
    /**
     * Writes the elements as JSON lines into a new directory: one file `part-00000.json` for each partition, and
     * `_SUCCESS`. Action; workers write. `ctx.jsonFile(path)` reads them.
     *
     * ```ts
     * const { tmpdir } = await import('node:os')
     * const path = `${tmpdir()}/json-${process.pid}-${Date.now()}`
     * await ctx.parallelize([{ a: 1 }]).saveAsJsonFile(path, { compression: 'gzip' })
     * await ctx.jsonFile(path).collect() // [{ a: 1 }]
     * ```
     *
     * @throws ArgumentError (rejects) if the directory exists, unless `overwrite` is true or the save is part of a
     *   batch, which may run again; SaveError if the files cannot be written.
     */
    saveAsJsonFile(path: string | URL, options?: JsonWriteOptions & SaveOptions): Promise<void>
    /**
     * Writes the elements as rows of CSV into a new directory: one file `part-00000.csv` for each partition, and
     * `_SUCCESS`. Action; workers write. Elements are objects, whose fields become columns, or arrays.
     * `ctx.csvFile(path)` reads them.
     *
     * ```ts
     * const { tmpdir } = await import('node:os')
     * const path = `${tmpdir()}/csv-${process.pid}-${Date.now()}`
     * await ctx.parallelize([{ a: 1, b: 'x' }]).saveAsCsvFile(path, { columns: ['a', 'b'] })
     * await ctx.csvFile(path).collect() // [{ a: '1', b: 'x' }]
     * ```
     *
     * @throws as saveAsJsonFile. The task fails if a field is not a text, number, boolean, date or null, or has no
     * column.
     */
    saveAsCsvFile(path: string | URL, options?: CsvWriteOptions & SaveOptions): Promise<void>
    /**
     * Writes the elements as rows of Parquet into a new directory: one file `part-00000.parquet` per partition, and
     * `_SUCCESS`. Action; workers write, each holding its partition in memory. Elements are objects, whose fields
     * become columns, or arrays. Needs the package `hyparquet-writer`.
     *
     * ```ts
     * const { tmpdir } = await import('node:os')
     * const path = `${tmpdir()}/parquet-${process.pid}-${Date.now()}`
     * await ctx.parallelize([{ id: 1, city: 'Bonn' }]).saveAsParquetFile(path, { types: { id: 'INT64' } })
     * await ctx.parquetFile(path).collect() // [{ id: 1, city: 'Bonn' }]
     * ```
     *
     * @throws as saveAsJsonFile. The task fails if a field is not of the type of its column.
     */
    saveAsParquetFile(path: string | URL, options?: ParquetWriteOptions & SaveOptions): Promise<void>
  }
  interface PairRdd<K, V> {
    /**
     * Writes pairs into a new directory of Hadoop's SequenceFiles: one file `part-00000` per partition, and `_SUCCESS`.
     * Action; workers write. `hdfs dfs -text` and `ctx.sequenceFile(path)` read them.
     *
     * ```ts
     * const { tmpdir } = await import('node:os')
     * const path = `${tmpdir()}/sequence-${process.pid}-${Date.now()}`
     * const counts = ctx.parallelize([['a', 1], ['b', 2]] as [string, number][])
     * await counts.saveAsSequenceFile(path, { value: 'IntWritable', compression: 'block' })
     * await ctx.sequenceFile(path).collect() // [['a', 1], ['b', 2]]
     * ```
     *
     * @throws as saveAsJsonFile. The task fails if a key or value is not of its class.
     */
    saveAsSequenceFile(path: string | URL, options?: SequenceWriteOptions & SaveOptions): Promise<void>
    /**
     * Writes pairs into a new directory as Hadoop's output formats do: lines of key, tab and value, or SequenceFiles.
     * Action; workers write.
     *
     * ```ts
     * const { tmpdir } = await import('node:os')
     * const path = `${tmpdir()}/hadoop-${process.pid}-${Date.now()}`
     * await ctx.parallelize([['a', 1]] as [string, number][]).saveAsHadoopFile(path)
     * await ctx.textFile(path).collect() // ['a\t1']
     * ```
     *
     * @throws as saveAsJsonFile.
     */
    saveAsHadoopFile(path: string | URL, options?: HadoopFormat & SaveOptions): Promise<void>
  }
}
declare module '../ops/dstream/facade.js' {
  interface BaseStream<T> {
    /**
     * Saves each batch as `prefix-<time in ms>` or `prefix-<time in ms>.suffix`, in the format of saveAsJsonFile.
     * Output operation; workers write. A batch that runs again replaces its files.
     *
     * ```ts
     * ssc.queueStream([[{ a: 1 }]]).saveAsJsonFiles('out/batch')
     * ```
     */
    saveAsJsonFiles(prefix: string | URL, suffix?: string, options?: JsonWriteOptions): void
    /**
     * Saves each batch as `prefix-<time in ms>` or `prefix-<time in ms>.suffix`, in the format of saveAsCsvFile. Output
     * operation; workers write. A batch that runs again replaces its files.
     *
     * ```ts
     * ssc.queueStream([[{ a: 1 }]]).saveAsCsvFiles('out/batch', '', { columns: ['a'] })
     * ```
     */
    saveAsCsvFiles(prefix: string | URL, suffix?: string, options?: CsvWriteOptions): void
    /**
     * Saves each batch as `prefix-<time in ms>` or `prefix-<time in ms>.suffix`, in the format of saveAsParquetFile.
     * Output operation; workers write. A batch that runs again replaces its files.
     *
     * ```ts
     * ssc.queueStream([[{ a: 1 }]]).saveAsParquetFiles('out/batch', '', { types: { a: 'INT32' } })
     * ```
     */
    saveAsParquetFiles(prefix: string | URL, suffix?: string, options?: ParquetWriteOptions): void
  }
  interface PairStream<K, V> {
    /**
     * Saves each batch as `prefix-<time in ms>` or `prefix-<time in ms>.suffix`, in the format of saveAsSequenceFile.
     * Output operation; workers write. A batch that runs again replaces its files.
     *
     * ```ts
     * ssc.queueStream<[string, number]>([[['a', 1]]]).saveAsSequenceFiles('out/batch', '', { compression: 'block' })
     * ```
     */
    saveAsSequenceFiles(prefix: string | URL, suffix?: string, options?: SequenceWriteOptions): void
    /**
     * Saves each batch as `prefix-<time in ms>` or `prefix-<time in ms>.suffix`, in the format of saveAsHadoopFile.
     * Output operation; workers write. A batch that runs again replaces its files.
     *
     * ```ts
     * ssc.queueStream<[string, number]>([[['a', 1]]]).saveAsHadoopFiles('out/batch', 'txt')
     * ```
     */
    saveAsHadoopFiles(prefix: string | URL, suffix?: string, options?: HadoopFormat): void
  }
}

function hadoopFormat(given: HadoopFormat | null, label: string): 'hadoopText' | 'sequence' {
  const format = given?.format ?? 'text'
  if (format === 'text') return 'hadoopText'
  if (format === 'sequence') return format
  throw new ArgumentError(`${label}: format is ${describe(format)}; it must be 'text' or 'sequence'.`, { format })
}

rdds.saveAsJsonFile = function (path, options = {}) {
  return saveAs(this, path, { format: 'json', options, label: 'saveAsJsonFile' })
}
rdds.saveAsCsvFile = function (path, options = {}) {
  return saveAs(this, path, { format: 'csv', options, label: 'saveAsCsvFile' })
}
rdds.saveAsParquetFile = function (path, options = {}) {
  return saveAs(this, path, { format: 'parquet', options, label: 'saveAsParquetFile' })
}
pairs.saveAsSequenceFile = function (path, options = {}) {
  return saveAs(this, path, { format: 'sequence', options, label: 'saveAsSequenceFile' })
}
pairs.saveAsHadoopFile = async function (path, given = {}) {
  const label = 'saveAsHadoopFile'
  await saveAs(this, path, { format: hadoopFormat(given, label), options: given, label, others: ['format'] })
}
dstreams.saveAsJsonFiles = function (prefix, suffix, options = {}) {
  saveBatchesAs(this, prefix, suffix, { format: 'json', options, label: 'saveAsJsonFiles' })
}
dstreams.saveAsCsvFiles = function (prefix, suffix, options = {}) {
  saveBatchesAs(this, prefix, suffix, { format: 'csv', options, label: 'saveAsCsvFiles' })
}
dstreams.saveAsParquetFiles = function (prefix, suffix, options = {}) {
  saveBatchesAs(this, prefix, suffix, { format: 'parquet', options, label: 'saveAsParquetFiles' })
}
pairStreams.saveAsSequenceFiles = function (prefix, suffix, options = {}) {
  saveBatchesAs(this, prefix, suffix, { format: 'sequence', options, label: 'saveAsSequenceFiles' })
}
pairStreams.saveAsHadoopFiles = function (prefix, suffix, given = {}) {
  const label = 'saveAsHadoopFiles'
  saveBatchesAs(this, prefix, suffix, { format: hadoopFormat(given, label), options: given, label, others: ['format'] })
}
