import { resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ArgumentError } from '../errors.js'

/**
 * The absolute path that a user means: relative ones start at the working directory of now, `file:` URLs are converted.
 * Throws ArgumentError for anything else.
 */
export function absolutePath(given: string | URL, what: string): string {
  const text = given instanceof URL ? given.href : given
  if (typeof text !== 'string' || text === '' || text.includes('\0')) {
    throw new ArgumentError(`${what} got ${JSON.stringify(given)}; give a path.`, { path: given })
  }
  if (!/^[a-z][a-z\d+.-]*:\/\//i.test(text) && !text.startsWith('file:')) return resolve(text)
  if (!text.startsWith('file:')) {
    throw new ArgumentError(
      `${what} got ${JSON.stringify(text)}; it reads and writes local files: give a path or a file: URL.`,
      {
        path: text,
      },
    )
  }
  try {
    return fileURLToPath(text)
  } catch (cause) {
    throw new ArgumentError(
      `${what} got ${JSON.stringify(text)}, which names no local file: ${(cause as Error).message}.`,
      {
        path: text,
      },
    )
  }
}

/** Whether a file in a directory holds data: names with a dot or `_` first are hidden files, markers and files in the making. */
export function isDataName(name: string): boolean {
  return !/^[._]|\._COPYING_$/.test(name)
}

/** Endings of compressed files that cannot be read; `.gz` can. */
const COMPRESSED = /\.(zst|zstd|bz2|xz|lz4|lzma|br|snappy|deflate|zip|7z|rar|Z|tgz|tar)$/

export function isGzip(path: string): boolean {
  return /\.gz$/i.test(path)
}

/** Why the lines of a file of this name cannot be read; undefined if they can. */
export function unreadableForm(path: string): string | undefined {
  const ending = COMPRESSED.exec(path)?.[0]
  return ending && `${ending} files cannot be read; decompress it, or compress it with gzip`
}
