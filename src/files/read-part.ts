import { SourceError } from '../errors.js'
import type { FileSystem } from './file-system.js'
import { type FileIdentity, fileChanged } from './identity.js'

/** Bytes of the largest part. A task holds it in memory, because it computes without waiting for a server. */
export const LARGEST_PART = 1024 * 1024 * 1024

export interface PartToRead {
  readonly path: string
  readonly start: number
  readonly end: number
  /** The file when the part was planned. */
  readonly planned: FileIdentity | undefined
  readonly signal: AbortSignal
  /** The advice of the error for a part that is too large. */
  readonly advice: string
  /** Called for each piece that arrives. */
  readonly progress?: () => void
}

/** Reads exactly the bytes in [start, end) of a file. Rejects with FileChangedError if the file is shorter. */
export async function readPart(system: FileSystem, part: PartToRead): Promise<Buffer> {
  const { path, start, end, planned, signal, advice, progress } = part
  const length = end - start
  if (length > LARGEST_PART) {
    throw new SourceError(
      `A task would hold ${length} bytes of ${path} in memory; the limit is ${LARGEST_PART} bytes. ${advice}.`,
      { details: { path, bytes: length, limit: LARGEST_PART } },
    )
  }
  const bytes = Buffer.allocUnsafe(length)
  let filled = 0
  for await (const piece of system.read(path, { start, end, signal })) {
    progress?.()
    if (piece.length > bytes.length - filled)
      throw new SourceError(`${system.name} sent more bytes of ${path} than it was asked for.`, { details: { path } })
    bytes.set(piece, filled)
    filled += piece.length
  }
  if (filled < bytes.length) throw fileChanged(path, 'truncated', { planned })
  return bytes
}
