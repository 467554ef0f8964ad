import type { RejectRecord } from './faults.js'

/** The part of a file that a task reads. A format reads the records that begin in [start, end). */
export interface FileSlice {
  readonly path: string
  /** Bytes of the whole file; for a compressed file, its decompressed bytes. */
  readonly size: number
  readonly start: number
  readonly end: number
}

/** A request for `length` bytes of the file from `at` on, or records that were read. */
export type ReadStep = { readonly at: number; readonly length: number } | { readonly records: readonly unknown[] }

/**
 * Reads a slice: yields records, and requests that the caller answers with bytes (fewer only at the end of the file).
 * So the same code reads local files synchronously, piece by piece, and remote files asynchronously.
 */
export type Reading = Generator<ReadStep, void, Buffer>

/** Random access to a file, for formats whose library reads asynchronously. */
export interface FileAccess {
  read(at: number, length: number): Buffer | Promise<Buffer>
}

/** Writes a partition as the bytes of one file. */
export interface EncodedFile {
  /** The ending of the file's name: `.csv`, `.json.gz`. */
  readonly ending: string
  readonly bytes: Iterable<Uint8Array>
}

/** The options of a format, for reading or for writing. */
export interface FormatOptions {
  readonly names: readonly string[]
  /** Returns the options of these names, with their defaults. Throws ArgumentError for a value that is not allowed. */
  check(given: object, label: string): object
}

/** Formats that need no options. */
export const NO_OPTIONS: FormatOptions = { names: [], check: () => ({}) }

/**
 * A format of files. `read` and `write` run in the workers; the driver checks the options, which are sent as plain
 * data.
 */
export interface FileFormat {
  readonly name: string
  readonly readOptions: FormatOptions
  readonly writeOptions?: FormatOptions
  /** Whether a task can read a range of a file. Otherwise a file is one range. */
  splits(options: object): boolean
  /** Whether files are decompressed first if their ending says so. */
  readonly compressible: boolean
  /** Loads the library that writes the format. Called before `write`; must be safe to call again. */
  load?(): Promise<void>
  read?(slice: FileSlice, options: object, reject: RejectRecord): Reading
  readWith?(
    access: FileAccess,
    slice: FileSlice,
    options: object,
    reject: RejectRecord,
  ): AsyncIterable<readonly unknown[]>
  write?(records: readonly unknown[], options: object): EncodedFile
}

/** The name of a format and its checked options, as plain data. */
export interface FormatRef {
  readonly format: string
  readonly options: object
}
