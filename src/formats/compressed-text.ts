import { gzipSync } from 'node:zlib'
import { ArgumentError } from '../errors.js'
import { describe } from '../values/describe.js'
import type { EncodedFile, FormatOptions } from './format.js'

export type TextCompression = 'none' | 'gzip'

/** Returns the compression that an option names. @throws ArgumentError for another. */
export function compressionOption(compression: unknown = 'none', label: string): TextCompression {
  if (compression === 'none' || compression === 'gzip') return compression
  throw new ArgumentError(`${label}: compression is ${describe(compression)}; it must be 'none' or 'gzip'.`, {
    compression,
  })
}

/** The options of formats that have no others. */
export const COMPRESSION: FormatOptions = {
  names: ['compression'],
  check: (given, label) => {
    const { compression } = given as { readonly compression?: unknown }
    return { compression: compressionOption(compression, label) }
  },
}

/** Returns a file of text. With gzip it is one member per piece, which every reader joins. */
export function compressed(ending: string, compression: TextCompression, text: Iterable<string>): EncodedFile {
  if (compression === 'none') return { ending, bytes: encoded(text) }
  return { ending: `${ending}.gz`, bytes: zipped(text) }
}

/** Characters of text that are encoded at a time. */
const PIECE = 1 << 20

/** Yields records as text, one per line, in pieces. */
export function* textOf(records: readonly unknown[], line: (record: unknown) => string, first = ''): Iterable<string> {
  let text = first
  for (const record of records) {
    text += `${line(record)}\n`
    if (text.length < PIECE) continue
    yield text
    text = ''
  }
  yield text
}

function* encoded(text: Iterable<string>): Iterable<Uint8Array> {
  for (const piece of text) yield Buffer.from(piece)
}

function* zipped(text: Iterable<string>): Iterable<Uint8Array> {
  let empty = true
  for (const piece of text) {
    if (piece === '') continue
    empty = false
    yield gzipSync(piece)
  }
  // A file without bytes is not a valid gzip file.
  if (empty) yield gzipSync('')
}
