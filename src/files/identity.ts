import type { Stats } from 'node:fs'
import { FileChangedError } from '../errors.js'

/** Distinguishes a file from another file at the same path, and from itself after a change. */
export interface FileIdentity {
  readonly size: number
  readonly mtimeMs: number
  /** Identifies the file in its file system independently of its path: the inode of a local file. */
  readonly id: number | string
}

/** The lines that begin at a byte in [start, end) of a file. A compressed file is one range: [0, its size). */
export interface FileRange {
  readonly path: string
  readonly start: number
  readonly end: number
  /** The file when the range was determined, for comparison by readers. Without it, changes are not detected. */
  readonly file?: FileIdentity
}

export function identityOf({ size, mtimeMs, ino }: Stats): FileIdentity {
  return { size, mtimeMs, id: ino }
}

/** The ways in which a file can change after it was assigned to a batch or a dataset. */
export type FileChange = 'missing' | 'unreadable' | 'replaced' | 'truncated' | 'modified'

const HOW: Readonly<Record<FileChange, string>> = {
  missing: 'is gone',
  unreadable: 'cannot be opened',
  replaced: 'was replaced by another file',
  truncated: 'is shorter than it was',
  modified: 'has other contents than it had',
}

export function fileChanged(
  path: string,
  change: FileChange,
  details: { readonly planned?: FileIdentity; readonly found?: FileIdentity },
  cause?: unknown,
): FileChangedError {
  return new FileChangedError(
    `The file ${path} ${HOW[change]}, after its lines were assigned to tasks. Move complete files into the directory with a rename, and do not change them while they are read.`,
    { details: { path, change, ...details }, cause },
  )
}

/**
 * Throws FileChangedError unless the first `planned.size` bytes may still be the planned ones. A file that has grown
 * passes, because added bytes are not read. `verified`: a checksum of the bytes is compared afterwards, so the time may
 * differ.
 */
export function checkIdentity(path: string, planned: FileIdentity, found: FileIdentity, verified: boolean): void {
  const change = changeOf(planned, found, verified)
  if (change) throw fileChanged(path, change, { planned, found })
}

/** Returns how a file differs from the planned one; undefined if its planned part may be the same. */
export function changeOf(planned: FileIdentity, found: FileIdentity, verified = false): FileChange | undefined {
  if (found.id !== planned.id) return 'replaced'
  if (found.size < planned.size) return 'truncated'
  if (found.size === planned.size && found.mtimeMs !== planned.mtimeMs && !verified) return 'modified'
  return undefined
}
