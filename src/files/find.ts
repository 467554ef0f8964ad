import type { DirectoryEntry, FileStatus, FileSystem } from './file-system.js'
import type { FileIdentity } from './identity.js'
import { isRemote, joinPath, splitPath, unreadableForm } from './paths.js'

export interface FoundFile {
  readonly path: string
  readonly file: FileIdentity
}

/** The files that a path matches. */
export interface Found {
  /** Sorted by path. */
  readonly files: readonly FoundFile[]
  /** Entries that pass the filter but cannot be read: links without a target, files without permission. */
  readonly faults: readonly { readonly path: string; readonly why: string; readonly cause?: unknown }[]
  /** Whether the path does not exist. */
  readonly missing: boolean
}

export interface FindOptions {
  /** Returns whether to include an entry of a directory. */
  readonly accept: (name: string, path: string) => boolean
  /** Whether a path may also name a single file. */
  readonly filesToo: boolean
}

/** The status of a path: undefined if it does not exist, an Error if the file system does not return it. */
type Status = FileStatus | Error | undefined

/** The number of concurrent status calls. */
const STAT_AT_ONCE = 64

/**
 * Finds the files that an absolute path matches. A `*` matches any part of one name, except a dot or `_` at its
 * beginning and `._COPYING_` at its end; a path that exists exactly as written is taken literally. A directory stands for the files directly in it.
 * Rejects with the error of the file system if a path without `*` cannot be examined, or a directory cannot be listed.
 */
export async function findFiles(system: FileSystem, path: string, options: FindOptions): Promise<Found> {
  const search = new Search(system, options)
  const matched = await search.expand(path)
  for (const [i, status] of (await search.statuses(matched)).entries()) {
    if (status instanceof Error && matched[i] === path) throw status
    await search.take(matched[i]!, status)
  }
  search.files.sort((a, b) => (a.path < b.path ? -1 : 1))
  return search
}

class Search implements Found {
  readonly files: FoundFile[] = []
  readonly faults: Found['faults'][number][] = []
  missing = true
  readonly #system: FileSystem
  readonly #options: FindOptions

  constructor(system: FileSystem, options: FindOptions) {
    this.#system = system
    this.#options = options
  }

  /** Returns the paths that a path with `*` in its names matches, whether they exist or not. */
  async expand(pattern: string): Promise<readonly string[]> {
    const { root, names } = splitPath(pattern)
    if (!names.some((name) => name.includes('*'))) return [pattern]
    const [literal] = await this.statuses([pattern])
    if (literal && !(literal instanceof Error)) return [pattern]
    let found = [root]
    for (const name of names) {
      if (!name.includes('*')) {
        found = found.map((parent) => joinPath(parent, name))
        continue
      }
      const matches = matcherOf(name)
      const next: string[] = []
      for (const parent of found)
        for (const entry of (await this.#system.list(parent)) ?? [])
          if (matches.test(entry.name)) next.push(joinPath(parent, entry.name))
      found = next
    }
    return found
  }

  async statuses(paths: readonly string[]): Promise<Status[]> {
    const statuses: Status[] = []
    for (let at = 0; at < paths.length; at += STAT_AT_ONCE) {
      const some = paths.slice(at, at + STAT_AT_ONCE)
      statuses.push(...(await Promise.all(some.map((path) => this.#system.stat(path).catch((error: Error) => error)))))
    }
    return statuses
  }

  /** Adds the files that a matched path leads to. */
  async take(path: string, status: Status): Promise<void> {
    if (status === undefined || status instanceof Error) {
      const why = status ? 'it cannot be examined' : this.#notUtf8(path)
      if (why) this.faults.push({ path, why, cause: status })
    } else if (status.kind === 'directory') {
      const entries = await this.#system.list(path)
      if (!entries) return
      this.missing = false
      await this.#takeEntries(path, entries)
    } else if (this.#options.filesToo) {
      this.missing = false
      if (status.kind === 'file') this.#takeFile(path, status.file)
      else this.faults.push({ path, why: 'it is not a file but a device, pipe or socket' })
    }
  }

  async #takeEntries(directory: string, entries: readonly DirectoryEntry[]): Promise<void> {
    const unknown: { readonly path: string; readonly entry: DirectoryEntry }[] = []
    for (const entry of entries) {
      // Pipes, sockets and devices are never opened.
      if (entry.kind === 'directory' || entry.kind === 'other') continue
      const path = joinPath(directory, entry.name)
      if (!this.#options.accept(entry.name, path)) continue
      if (entry.file) this.#takeFile(path, entry.file)
      else unknown.push({ path, entry })
    }
    const statuses = await this.statuses(unknown.map(({ path }) => path))
    for (const [i, { path, entry }] of unknown.entries()) this.#takeEntry(path, entry, statuses[i])
  }

  #takeEntry(path: string, { kind, name }: DirectoryEntry, status: Status): void {
    if (status && !(status instanceof Error)) {
      if (status.kind === 'file') this.#takeFile(path, status.file)
      return
    }
    const why =
      kind === 'link'
        ? 'it is a link to a missing file'
        : status === undefined
          ? this.#notUtf8(name)
          : 'it cannot be examined'
    // Other missing entries were renamed or deleted after they were listed.
    if (why) this.faults.push({ path, why, cause: status })
  }

  #takeFile(path: string, file: FileIdentity): void {
    const why = unreadableForm(path)
    if (why) this.faults.push({ path, why })
    else this.files.push({ path, file })
  }

  /** Node replaces the bytes of a local name that are not UTF-8, so no call finds the listed entry again. */
  #notUtf8(path: string): string | undefined {
    return path.includes('\uFFFD') && !isRemote(path) ? 'its name is not UTF-8; rename it' : undefined
  }
}

/** Returns the pattern of a name with `*`. */
function matcherOf(name: string): RegExp {
  const escaped = name.split(/\*+/).map((text) => text.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
  // A file that is still being copied is not data, unless the pattern asks for such names.
  const end = name.endsWith('*') ? '(?<!\\._COPYING_)' : ''
  return new RegExp(`^${name.startsWith('*') ? '(?![._])' : ''}${escaped.join('.*')}${end}$`, 's')
}
