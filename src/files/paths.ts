import { basename, dirname, join, parse, posix, resolve, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { ArgumentError } from '../errors.js'
import { describe } from '../values/describe.js'

/*
 * A path is either local, as the system writes it, or a URL, `scheme://authority/names`. Names in URLs are not encoded:
 * `%20` is three characters.
 */
const URL_PARTS = /^([a-z][a-z\d+.-]*):\/\/([^/]*)(.*)$/is

/** Returns the scheme of a URL, in lower case; undefined for a local path. */
export function schemeOf(path: string): string | undefined {
  return URL_PARTS.exec(path)?.[1]?.toLowerCase()
}

/** Returns whether the path needs a file system other than the local one. */
export function isRemote(path: string): boolean {
  return URL_PARTS.test(path)
}

/** Returns the server or bucket of a URL, and the path on it, which begins with a slash. */
export function splitUrl(path: string): { readonly authority: string; readonly path: string } {
  const [, , authority = '', rest = ''] = URL_PARTS.exec(path) ?? []
  return { authority, path: rest === '' ? '/' : rest }
}

export function joinPath(directory: string, name: string): string {
  if (!isRemote(directory)) return join(directory, name)
  return directory.endsWith('/') ? directory + name : `${directory}/${name}`
}

export function parentOf(path: string): string {
  if (!isRemote(path)) return dirname(path)
  const { root, names } = splitPath(path)
  return names.length < 2 ? root : root + names.slice(0, -1).join('/')
}

/** Returns the last name of a path; empty for a root. */
export function nameOf(path: string): string {
  return isRemote(path) ? (splitPath(path).names.at(-1) ?? '') : basename(path)
}

/** Returns the root of a path, and the names below it. */
export function splitPath(path: string): { readonly root: string; readonly names: readonly string[] } {
  const parts = URL_PARTS.exec(path)
  const root = parts ? `${parts[1]}://${parts[2]}/` : parse(path).root
  return {
    root,
    names: path
      .slice(root.length)
      .split(parts ? '/' : sep)
      .filter((name) => name !== ''),
  }
}

/**
 * Returns the absolute form of a path or URL: a relative path starts at the current working directory, `file:` URLs
 * become local paths. `what` names the operation in errors.
 *
 * @throws ArgumentError for anything else, and for a URL with a password.
 */
export function absolutePath(given: string | URL, what: string): string {
  const text = given instanceof URL ? given.href : given
  if (typeof text !== 'string' || text === '' || text.includes('\0'))
    throw new ArgumentError(`${what} got ${describe(given)}; it must be a path.`, { path: given })
  if (text.startsWith('file:')) return localPath(text, what)
  const parts = URL_PARTS.exec(text)
  if (!parts) return resolve(text)
  const [, scheme, authority, names] = parts as unknown as [string, string, string, string]
  if (authority.includes('@')) {
    throw new ArgumentError(
      `${what} got a ${scheme}: URL with a user or password in it. Put credentials into the option fileSystems: URLs appear in errors and checkpoints.`,
    )
  }
  const path = posix.normalize(`/${given instanceof URL ? decodeURIComponent(names) : names}`)
  return `${scheme.toLowerCase()}://${authority}${path.length > 1 ? path.replace(/\/$/, '') : path}`
}

function localPath(url: string, what: string): string {
  try {
    return fileURLToPath(url)
  } catch (cause) {
    throw new ArgumentError(
      `${what} got ${describe(url)}, which is not the URL of a local file: ${(cause as Error).message}.`,
      {
        path: url,
      },
    )
  }
}

/**
 * Returns whether a file in a directory holds data. Names that begin with a dot or `_` are hidden files, markers, and
 * files that are being written.
 */
export function isDataName(name: string): boolean {
  return !/^[._]|\._COPYING_$/.test(name)
}

/** Endings of compressed files that cannot be read; those of `.gz` and `.zst` can. */
const COMPRESSED = /\.(bz2|xz|lz4|lzma|br|snappy|deflate|zip|7z|rar|Z|tgz|tar)$/

/** Returns why the lines of a file with this name cannot be read; undefined if they can. */
export function unreadableForm(path: string): string | undefined {
  const ending = COMPRESSED.exec(path)?.[0]
  return ending && `${ending} files cannot be read; decompress the file, or compress it with gzip or zstd`
}
