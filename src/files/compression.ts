import { createRequire } from 'node:module'
import * as zlib from 'node:zlib'
import { SourceError } from '../errors.js'

/** Most bytes to which a compressed file may decompress, because they are held in memory. */
export const LONGEST_DECOMPRESSED = 1024 * 1024 * 1024

export type Compression = 'gzip' | 'zstd'

const ENDINGS: Readonly<Record<string, Compression>> = { gz: 'gzip', zst: 'zstd', zstd: 'zstd' }

/**
 * Returns how a file is compressed, by the ending of its name. A compressed file is read as a whole, from its
 * beginning.
 */
export function compressionOf(path: string): Compression | undefined {
  const ending = /\.(gz|zst|zstd)$/i.exec(path)?.[1]
  return ending === undefined ? undefined : ENDINGS[ending.toLowerCase()]
}

/** Decompresses a file. @throws SourceError if it is damaged, too large, or its library is missing. */
export function decompressFile(bytes: Buffer, compression: Compression, path: string): Buffer {
  try {
    return compression === 'gzip'
      ? zlib.gunzipSync(bytes, { maxOutputLength: LONGEST_DECOMPRESSED })
      : decompressZstd(bytes, path)
  } catch (cause) {
    if (cause instanceof SourceError) throw cause
    const { code, message } = cause as NodeJS.ErrnoException
    const why = code === 'ERR_BUFFER_TOO_LARGE' ? TOO_LARGE : message
    throw new SourceError(`The file ${path} cannot be decompressed: ${why}.`, { cause, details: { path } })
  }
}

const TOO_LARGE = `it decompresses to more than ${LONGEST_DECOMPRESSED} bytes`

/** Node decompresses zstd from version 22.15; for earlier versions, the package fzstd does. */
function decompressZstd(bytes: Buffer, path: string): Buffer {
  const native = (zlib as { zstdDecompressSync?: (bytes: Buffer, options: object) => Buffer }).zstdDecompressSync
  if (native) return native(bytes, { maxOutputLength: LONGEST_DECOMPRESSED })
  const { Decompress } = loadFzstd(path)
  const pieces: Buffer[] = []
  let length = 0
  let isComplete = false
  const stream = new Decompress((piece, isLast) => {
    length += piece.length
    if (length > LONGEST_DECOMPRESSED) throw new RangeError(TOO_LARGE)
    pieces.push(Buffer.from(piece))
    isComplete ||= isLast
  })
  stream.push(bytes, true)
  if (!isComplete) throw new RangeError('it is truncated')
  return Buffer.concat(pieces, length)
}

interface Fzstd {
  readonly Decompress: new (
    take: (piece: Uint8Array, isLast: boolean) => void,
  ) => { push(bytes: Uint8Array, isLast: boolean): void }
}

/** Tasks read files synchronously, so the package cannot be loaded with import(). */
function loadFzstd(path: string): Fzstd {
  try {
    return createRequire(import.meta.url)('fzstd') as Fzstd
  } catch (cause) {
    throw new SourceError(
      `The file ${path} is compressed by zstd, which this version of Node cannot read without the package 'fzstd'. Install it: npm install fzstd@^0.1.1 (Node 22.15 and later need no package).`,
      { cause, details: { path, package: 'fzstd' } },
    )
  }
}
