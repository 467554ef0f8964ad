import { brotliDecompressSync, gunzipSync } from 'node:zlib'
import type { Compressors, FileMetaData, RowGroup } from 'hyparquet'
import { SourceError } from '../../errors.js'
import { decompressFile } from '../../files/compression.js'
import { messageOf } from '../../values/message-of.js'
import type { RejectRecord } from '../faults.js'
import type { FileAccess, FileSlice } from '../format.js'
import type { CheckedParquetOptions } from './options.js'
import { type Hyparquet, loadPackage } from './packages.js'

/** Bytes read at once from the end of a file, because most footers are smaller. */
const FOOTER = 64 * 1024
/** Most bytes to which a page may decompress. */
const LONGEST = 1024 * 1024 * 1024

/** Reads the row groups that begin in a range of the file. */
export async function* readParquet(
  access: FileAccess,
  slice: FileSlice,
  options: object,
  reject: RejectRecord,
): AsyncGenerator<readonly unknown[]> {
  const { path, size, start, end } = slice
  if (start >= end) return
  const { columns, longs } = options as CheckedParquetOptions
  const library = await loadPackage<Hyparquet>('hyparquet', 'Reading Parquet')
  const file = { byteLength: size, slice: (from: number, to = size) => sliceOf(access, from, to) }
  const metadata = await metadataOf(library, file, path)
  checkColumnsOf(metadata, columns, path)
  const compressors = await compressorsFor(metadata, path)
  let rowEnd = 0
  for (const group of metadata.row_groups) {
    const rowStart = rowEnd
    rowEnd += Number(group.num_rows)
    const offset = offsetOf(group)
    if (offset < start || offset >= end) continue
    const selected = columns && [...columns]
    const request = { file, metadata, compressors, columns: selected, rowStart, rowEnd, utf8: false, geoparquet: false }
    let rows: Record<string, unknown>[]
    try {
      rows = await library.parquetReadObjects(request)
    } catch (cause) {
      if (cause instanceof SourceError) throw cause
      const why = `is a row group of ${rowEnd - rowStart} records that cannot be read (${messageOf(cause)})`
      reject({ path, offset, why, cause })
      continue
    }
    if (longs === 'number') {
      const bad = (cause: RangeError) => reject({ path, offset, why: `is a row group with ${cause.message}`, cause })
      rows = rows.filter((row) => toNumbers(row, bad))
    }
    yield rows
  }
}

type AsyncFile = { readonly byteLength: number; slice(start: number, end?: number): Promise<ArrayBuffer> }

async function sliceOf(access: FileAccess, from: number, to: number): Promise<ArrayBuffer> {
  const bytes = await access.read(from, to - from)
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength) as ArrayBuffer
}

async function metadataOf(library: Hyparquet, file: AsyncFile, path: string): Promise<FileMetaData> {
  if (file.byteLength < 12) throw unreadable(path, 'it is too short to be a Parquet file')
  try {
    return await library.parquetMetadataAsync(file, { geoparquet: false, initialFetchSize: FOOTER })
  } catch (cause) {
    if (cause instanceof SourceError || (cause as { code?: string }).code?.startsWith('ERR_MILLRACE')) throw cause
    throw unreadable(path, `its footer is damaged or not that of Parquet (${messageOf(cause)})`, cause)
  }
}

function checkColumnsOf({ schema }: FileMetaData, columns: readonly string[] | undefined, path: string): void {
  if (!columns) return
  const names = topLevelNames(schema)
  for (const name of columns) {
    if (names.includes(name)) continue
    throw new SourceError(
      `The file ${path} has no column '${name}'. Its columns: ${names.map((each) => `'${each}'`).join(', ')}.`,
      { details: { path, column: name, columns: names } },
    )
  }
}

/**
 * Returns the names of the top-level columns; nested columns are parts of them. The schema is a tree, written depth
 * first.
 */
function topLevelNames(schema: FileMetaData['schema']): string[] {
  const names: string[] = []
  const skip = (at: number): number => {
    let next = at + 1
    for (let i = 0; i < (schema[at]!.num_children ?? 0); i++) next = skip(next)
    return next
  }
  for (let at = 1; at < schema.length; at = skip(at)) names.push(schema[at]!.name)
  return names
}

/** Returns the offset of a row group's first page. */
function offsetOf({ columns }: RowGroup): number {
  const offsets = columns.flatMap(({ meta_data: data }) =>
    data ? [Number(data.dictionary_page_offset || data.data_page_offset)] : [],
  )
  return Math.min(...offsets)
}

/** Returns the decompression functions of columns. LZ4 needs a package, which is loaded if a file uses it. */
async function compressorsFor({ row_groups }: FileMetaData, path: string): Promise<Compressors> {
  const codecs = new Set(row_groups.flatMap(({ columns }) => columns.map(({ meta_data: data }) => data?.codec)))
  const own: Compressors = {
    GZIP: (input) => gunzipSync(input, { maxOutputLength: LONGEST }),
    BROTLI: (input) => brotliDecompressSync(input, { maxOutputLength: LONGEST }),
    ZSTD: (input) => decompressFile(Buffer.from(input), 'zstd', path),
  }
  if (!codecs.has('LZ4') && !codecs.has('LZ4_RAW')) return own
  const library = await loadPackage<{ compressors: Compressors }>('hyparquet-compressors', `LZ4 in ${path}`)
  return { ...own, LZ4: library.compressors.LZ4, LZ4_RAW: library.compressors.LZ4_RAW }
}

/** Replaces the bigints of a row by numbers. Calls `bad` and returns false if one exceeds 2^53. */
function toNumbers(row: Record<string, unknown>, bad: (cause: RangeError) => void): boolean {
  try {
    numbersIn(row)
    return true
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause
    bad(cause)
    return false
  }
}

function numbersIn(value: unknown): unknown {
  if (typeof value === 'bigint') {
    const number = Number(value)
    if (Number.isSafeInteger(number)) return number
    throw new RangeError(`the number ${value}, which needs the option longs: 'bigint'`)
  }
  if (Array.isArray(value)) return value.map(numbersIn)
  if (typeof value !== 'object' || value === null || Object.getPrototypeOf(value) !== Object.prototype) return value
  const fields = value as Record<string, unknown>
  for (const name in fields) {
    const field = fields[name]
    if (typeof field === 'bigint' || typeof field === 'object') fields[name] = numbersIn(field)
  }
  return fields
}

function unreadable(path: string, why: string, cause?: unknown): SourceError {
  return new SourceError(`The file ${path} cannot be read as Parquet: ${why}.`, { cause, details: { path } })
}
