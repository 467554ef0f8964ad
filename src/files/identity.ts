import type { Stats } from 'node:fs'
import { FileChangedError } from '../errors.js'
import type { FileIdentity } from '../ops/source.js'

export function identityOf({ size, mtimeMs, ino }: Stats): FileIdentity {
  return { size, mtimeMs, inode: ino }
}

/** What can be wrong with a file that was assigned to a batch or a dataset. */
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
    `The file ${path} ${HOW[change]}, after its lines were assigned to tasks. Put files in place by a rename, and keep them unchanged until nothing reads them any more.`,
    { details: { path, change, ...details }, cause },
  )
}

/**
 * Throws FileChangedError unless the first `planned.size` bytes may still be those that were planned. A file that has grown
 * passes: what was added is not read. `verified`: a checksum of the bytes is compared afterwards, so the time may differ.
 */
export function checkIdentity(path: string, planned: FileIdentity, stats: Stats, verified: boolean): void {
  const found = identityOf(stats)
  const change = changeOf(planned, found, verified)
  if (change) throw fileChanged(path, change, { planned, found })
}

/** How a file differs from what was planned; undefined if its planned part may be the same. */
export function changeOf(planned: FileIdentity, found: FileIdentity, verified = false): FileChange | undefined {
  if (found.inode !== planned.inode) return 'replaced'
  if (found.size < planned.size) return 'truncated'
  if (found.size === planned.size && found.mtimeMs !== planned.mtimeMs && !verified) return 'modified'
  return undefined
}
