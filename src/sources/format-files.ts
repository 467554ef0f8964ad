import { ArgumentError } from '../errors.js'
import type { BinaryOptions } from '../formats/binary-records.js'
import type { CsvOptions } from '../formats/csv/options.js'
import type { BadRecord } from '../formats/faults.js'
import type { ParquetOptions } from '../formats/parquet/options.js'
import { readingOf } from '../formats/reading.js'
import { formatOf } from '../formats/registry.js'
import type { SequenceOptions } from '../formats/sequence/options.js'
import { graphOf, StreamBuilder } from '../ops/dstream/builder.js'
import type { WithDeadLetters } from '../ops/dstream/dead-letters.js'
import { type DStream, toDStream } from '../ops/dstream/facade.js'
import { addInput } from '../ops/dstream/input.js'
import type { OnRecordError } from '../ops/on-record-error.js'
import { checkNames } from '../ops/option-names.js'
import { checkPartitions } from '../ops/partitioner.js'
import { contextOf, RddBuilder } from '../ops/rdd/builder.js'
import { facade, type RDD } from '../ops/rdd/facade.js'
import { FilePartsRdd } from '../ops/rdd/source-rdds.js'
import { describe } from '../values/describe.js'
import { FILE_STREAM_OPTIONS, filesSource, type TextFileOptions } from './text-files.js'

export interface ReadFilesOptions {
  /** The number of partitions, if the format can be split. Default: the context's `parallelism`. */
  readonly minPartitions?: number
  /**
   * The policy for a record that cannot be read: 'fail' (default) fails the task, 'skip' drops and counts the record,
   * 'dead-letter' also stores it.
   */
  readonly onRecordError?: OnRecordError
}

const READ_FILES_OPTIONS = ['minPartitions', 'onRecordError'] as const satisfies (keyof ReadFilesOptions)[]

/** The format of a stream of files, with its options. */
export type StreamFormat =
  | { readonly format: 'json' }
  | ({ readonly format: 'csv' } & CsvOptions)
  | ({ readonly format: 'parquet' } & ParquetOptions)
  | ({ readonly format: 'sequence' } & SequenceOptions)
  | ({ readonly format: 'binary' } & BinaryOptions)

export type FileStreamOptions = TextFileOptions & Pick<ReadFilesOptions, 'onRecordError'> & StreamFormat

declare module '../ops/rdd/builder.js' {
  interface RddBuilder {
    /**
     * Creates a dataset of the values in files of JSON lines, one value per line. Runs no job; workers read byte
     * ranges, and `.gz` and `.zst` files as a whole. The path is as in textFile. A line that is not JSON fails its
     * task, unless `onRecordError` sets another policy.
     *
     * ```ts
     * const { tmpdir } = await import('node:os')
     * const path = `${tmpdir()}/json-${process.pid}-${Date.now()}`
     * await ctx.parallelize([{ a: 1 }, { a: 2 }]).saveAsJsonFile(path)
     * await ctx.jsonFile<{ a: number }>(path).map(({ a }) => a).sum() // 3
     * ```
     *
     * @throws ArgumentError for a path or an option that is not allowed. Actions reject with SourceError or
     * FileChangedError.
     */
    jsonFile<T = unknown>(path: string | URL, options?: ReadFilesOptions): RDD<T>
    /**
     * Creates a dataset of the rows of CSV files: objects with the columns that the first row names. Runs no job;
     * workers read the files, each as a whole unless `multiLine` is false. The path is as in textFile. A row with a
     * wrong number of fields, or with a field that is not of its type, fails its task, unless `onRecordError` sets
     * another policy.
     *
     * ```ts
     * const { tmpdir } = await import('node:os')
     * const path = `${tmpdir()}/csv-${process.pid}-${Date.now()}`
     * await ctx.parallelize([{ city: 'Bonn', size: 3 }]).saveAsCsvFile(path)
     * await ctx.csvFile<{ city: string; size: number }>(path, { types: { size: 'number' } }).collect() // [{ city: 'Bonn', size: 3 }]
     * ```
     *
     * @throws ArgumentError for a path or an option that is not allowed. Actions reject with SourceError or
     * FileChangedError.
     */
    csvFile<T = Record<string, string>>(path: string | URL, options?: CsvOptions & ReadFilesOptions): RDD<T>
    /**
     * Creates a dataset of the rows of Parquet files: objects with the chosen columns. Runs no job; workers read row
     * groups into memory, and only the chosen columns of them. Needs the package `hyparquet`.
     *
     * ```ts
     * const { tmpdir } = await import('node:os')
     * const path = `${tmpdir()}/parquet-${process.pid}-${Date.now()}`
     * await ctx.parallelize([{ city: 'Bonn', size: 3 }]).saveAsParquetFile(path)
     * await ctx.parquetFile<{ size: number }>(path, { columns: ['size'] }).collect() // [{ size: 3 }]
     * ```
     *
     * @throws ArgumentError for a path or an option that is not allowed. Actions reject with SourceError or
     * FileChangedError.
     */
    parquetFile<T = Record<string, unknown>>(path: string | URL, options?: ParquetOptions & ReadFilesOptions): RDD<T>
    /**
     * Creates a dataset of the pairs in Hadoop's SequenceFiles. Runs no job; workers read ranges between sync markers.
     * Text is read as a text, BytesWritable as a Uint8Array, NullWritable as null, classes of numbers as numbers.
     *
     * ```ts
     * const { tmpdir } = await import('node:os')
     * const path = `${tmpdir()}/sequence-${process.pid}-${Date.now()}`
     * await ctx.parallelize([['a', 1]] as [string, number][]).saveAsSequenceFile(path)
     * await ctx.sequenceFile<string, number>(path).collect() // [['a', 1]]
     * ```
     *
     * @throws ArgumentError for a path or an option that is not allowed. Actions reject with SourceError or
     * FileChangedError.
     */
    sequenceFile<K, V>(path: string | URL, options?: SequenceOptions & ReadFilesOptions): RDD<[K, V]>
    /**
     * Creates a dataset of records of `recordLength` bytes each. Runs no job; workers read ranges. A file whose size is
     * not a multiple of the length fails its last task, unless `onRecordError` sets another policy.
     *
     * ```ts
     * await ctx.binaryRecords('package.json', 1).count() > 100 // true
     * ```
     *
     * @throws ArgumentError for a path, a length or an option that is not allowed. Actions reject with SourceError or
     *   FileChangedError.
     */
    binaryRecords(path: string | URL, recordLength: number, options?: ReadFilesOptions): RDD<Uint8Array>
    /**
     * Creates a dataset with one record per file: `[path, bytes]`. Runs no job; a worker reads each file into memory.
     *
     * ```ts
     * await ctx.binaryFiles('package.json').mapValues((bytes) => bytes[0]).values().collect() // [123]
     * ```
     *
     * @throws ArgumentError unless `path` is a path. Actions reject with SourceError or FileChangedError.
     */
    binaryFiles(path: string | URL, minPartitions?: number): RDD<[string, Uint8Array]>
    /**
     * Creates a dataset with one record per file: `[path, text]`. Runs no job; a worker reads each file into memory.
     *
     * ```ts
     * await ctx.wholeTextFiles('package.json').mapValues((text) => JSON.parse(text).name).values().collect() // ['millrace']
     * ```
     *
     * @throws ArgumentError unless `path` is a path. Actions reject with SourceError or FileChangedError.
     */
    wholeTextFiles(path: string | URL, minPartitions?: number): RDD<[string, string]>
  }
}
declare module '../ops/dstream/builder.js' {
  interface StreamBuilder {
    fileStream<T = unknown>(
      directory: string | URL,
      options: FileStreamOptions & { readonly onRecordError: 'dead-letter' },
    ): DStream<T> & WithDeadLetters<BadRecord>
    /**
     * Reads the records of files that appear in a directory, each file in the batch of the interval in which it
     * appeared. `format` is 'json' (lines), 'csv', 'parquet', 'sequence' or 'binary'; its options and those of
     * textFileStream may be set too. Runs no job; workers read the files.
     *
     * ```ts
     * ssc.fileStream<{ user: string }>('in', { format: 'json', onRecordError: 'skip' }).map(({ user }) => user).countByValue().print()
     * ```
     *
     * @throws ArgumentError for a directory, a format or an option that is not allowed.
     */
    fileStream<T = unknown>(directory: string | URL, options: FileStreamOptions): DStream<T>
    /**
     * Reads records of `recordLength` bytes from files that appear in a directory, as fileStream does with the format
     * 'binary'. Runs no job; workers read the files.
     *
     * ```ts
     * ssc.binaryRecordsStream('in', 16).count().print()
     * ```
     *
     * @throws ArgumentError for a directory, a length or an option that is not allowed.
     */
    binaryRecordsStream(
      directory: string | URL,
      recordLength: number,
      options?: TextFileOptions & Pick<ReadFilesOptions, 'onRecordError'>,
    ): DStream<Uint8Array>
  }
}

/** Creates the dataset of the files of a path. */
function readFiles<T>(
  builder: RddBuilder,
  path: string | URL,
  format: string,
  given: object & ReadFilesOptions,
  label: string,
): RDD<T> {
  const context = contextOf(builder)
  checkNames(given, [...formatOf(format).readOptions.names, ...READ_FILES_OPTIONS], label)
  const { minPartitions = builder.parallelism, onRecordError } = given
  const reading = readingOf(format, given, label, onRecordError)
  const listed = { path: context.files.resolve(path, label), isSave: false, label, reading } as const
  return facade(new FilePartsRdd<T>(context, listed, checkPartitions(minPartitions)))
}

RddBuilder.prototype.jsonFile = function <T>(path: string | URL, options: ReadFilesOptions = {}) {
  return readFiles<T>(this, path, 'json', options, 'jsonFile')
}
RddBuilder.prototype.csvFile = function <T>(path: string | URL, options: CsvOptions & ReadFilesOptions = {}) {
  return readFiles<T>(this, path, 'csv', options, 'csvFile')
}
RddBuilder.prototype.parquetFile = function <T>(path: string | URL, options: ParquetOptions & ReadFilesOptions = {}) {
  return readFiles<T>(this, path, 'parquet', options, 'parquetFile')
}
RddBuilder.prototype.sequenceFile = function <K, V>(
  path: string | URL,
  options: SequenceOptions & ReadFilesOptions = {},
) {
  return readFiles<[K, V]>(this, path, 'sequence', options, 'sequenceFile')
}
RddBuilder.prototype.binaryRecords = function (path, recordLength, options = {}) {
  checkNames(options, READ_FILES_OPTIONS, 'binaryRecords')
  return readFiles(this, path, 'binary', { ...options, recordLength } as ReadFilesOptions, 'binaryRecords')
}
RddBuilder.prototype.binaryFiles = function (path, minPartitions) {
  return readFiles(this, path, 'wholeBytes', { minPartitions }, 'binaryFiles')
}
RddBuilder.prototype.wholeTextFiles = function (path, minPartitions) {
  return readFiles(this, path, 'wholeText', { minPartitions }, 'wholeTextFiles')
}

const STREAM_FORMATS = ['json', 'csv', 'parquet', 'sequence', 'binary'] as const

function fileStream<T>(builder: StreamBuilder, directory: string | URL, given: FileStreamOptions, label: string) {
  const format = streamFormat(given, label)
  checkNames(given, [...formatOf(format).readOptions.names, ...FILE_STREAM_OPTIONS, 'format', 'onRecordError'], label)
  const { onRecordError } = given
  const reading = readingOf(format, given, label, onRecordError)
  const graph = graphOf(builder)
  const services = { files: graph.context.files, now: () => graph.runtime.now() }
  const files = { label, kind: `${format} files`, files: reading }
  const source = filesSource(directory, given, files, services)
  return toDStream(addInput<T>(graph, source))
}

function streamFormat(given: FileStreamOptions | null, label: string): FileStreamOptions['format'] {
  const format = given?.format
  if (format !== undefined && STREAM_FORMATS.includes(format)) return format
  throw new ArgumentError(
    `${label}: format is ${describe(format)}; it must be one of ${STREAM_FORMATS.join(', ')}. textFileStream reads lines of text.`,
    { format },
  )
}

StreamBuilder.prototype.fileStream = function (
  this: StreamBuilder,
  directory: string | URL,
  options: FileStreamOptions,
) {
  return fileStream(this, directory, options, 'fileStream')
} as never
StreamBuilder.prototype.binaryRecordsStream = function (directory, recordLength, options = {}) {
  checkNames(options, [...FILE_STREAM_OPTIONS, 'onRecordError'], 'binaryRecordsStream')
  const given: FileStreamOptions = { ...options, format: 'binary', recordLength }
  return fileStream<Uint8Array>(this, directory, given, 'binaryRecordsStream')
}
