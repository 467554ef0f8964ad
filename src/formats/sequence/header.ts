import { gunzipSync, inflateSync } from 'node:zlib'
import { SourceError } from '../../errors.js'
import { Malformed, Truncated, type Writable, WritableCursor, writableOf } from './writables.js'

export const MAGIC = Buffer.from('SEQ')
/** The version that Hadoop has written since 2006. */
export const VERSION = 6
export const DEFLATE_CODEC = 'org.apache.hadoop.io.compress.DefaultCodec'
/** Bytes of a sync marker. */
export const SYNC_LENGTH = 16
/** The value that, in place of a record's length, announces a sync marker. */
export const SYNC_ESCAPE = -1

/** Most bytes to which a value or a block may decompress. */
const LONGEST = 512 * 1024 * 1024

type Decompress = (bytes: Buffer) => Buffer

const inflate: Decompress = (bytes) => inflateSync(bytes, { maxOutputLength: LONGEST })
const CODECS: Readonly<Record<string, Decompress>> = {
  [DEFLATE_CODEC]: inflate,
  'org.apache.hadoop.io.compress.DeflateCodec': inflate,
  'org.apache.hadoop.io.compress.GzipCodec': (bytes) => gunzipSync(bytes, { maxOutputLength: LONGEST }),
}

/** The header of a file, which describes its records. */
export interface SequenceHeader {
  readonly key: Writable
  readonly value: Writable
  readonly compression: 'none' | 'record' | 'block'
  readonly decompress: Decompress
  /** The escape and the sync marker. */
  readonly mark: Buffer
  /** The offset of the first record. */
  readonly length: number
}

/**
 * Reads the header. Returns undefined if it continues after the bytes. Throws SourceError if the file is not a
 * SequenceFile, or of a kind that cannot be read.
 */
export function readHeader(bytes: Buffer, path: string): SequenceHeader | undefined {
  if (!bytes.subarray(0, 3).equals(MAGIC)) throw refused(path, 'is not a SequenceFile: it does not begin with SEQ')
  if (bytes.length > 3 && bytes[3] !== VERSION)
    throw refused(path, `is a SequenceFile of version ${bytes[3]}; version ${VERSION} can be read`)
  try {
    return parse(bytes, path)
  } catch (error) {
    if (error instanceof Truncated) return undefined
    if (error instanceof Malformed) throw refused(path, `has a header with ${error.message}`)
    throw error
  }
}

function parse(bytes: Buffer, path: string): SequenceHeader {
  const cursor = new WritableCursor(bytes, 4)
  const [keyClass, valueClass] = [cursor.text(), cursor.text()]
  const [isCompressed, isBlock] = [cursor.byte() !== 0, cursor.byte() !== 0]
  const codec = isCompressed ? cursor.text() : undefined
  const pairs = cursor.int()
  for (let i = 0; i < pairs * 2; i++) cursor.text()
  const mark = markOf(cursor.raw(SYNC_LENGTH))
  const decompress = codec === undefined ? inflate : CODECS[codec]
  if (!decompress) throw refused(path, `is compressed by ${codec}; ${Object.keys(CODECS).join(', ')} can be read`)
  return {
    key: classOf(keyClass, 'keys', path),
    value: classOf(valueClass, 'values', path),
    compression: isBlock ? 'block' : isCompressed ? 'record' : 'none',
    decompress,
    mark,
    length: cursor.at,
  }
}

/** Returns the bytes before a section with this sync marker. */
export function markOf(sync: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from([0xff, 0xff, 0xff, 0xff]), sync])
}

function classOf(name: string, what: string, path: string): Writable {
  const writable = writableOf(name)
  if (writable) return writable
  throw refused(path, `has ${what} of class ${name}, which cannot be read. Write it with Text or BytesWritable`)
}

function refused(path: string, why: string): SourceError {
  return new SourceError(`The file ${path} ${why}.`, { details: { path } })
}
