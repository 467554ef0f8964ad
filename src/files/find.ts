import { type Dirent, readdirSync, type Stats, statSync } from 'node:fs'
import { readdir, stat } from 'node:fs/promises'
import { join, parse, sep } from 'node:path'
import type { FileIdentity } from '../ops/source.js'
import { identityOf } from './identity.js'
import { unreadableForm } from './paths.js'

export interface FoundFile {
  readonly path: string
  readonly file: FileIdentity
}

/** What a path stands for. */
export interface Found {
  /** By path. */
  readonly files: readonly FoundFile[]
  /** Entries that pass the filter and cannot be read: links that lead nowhere, files without permission. */
  readonly faults: readonly { readonly path: string; readonly why: string; readonly cause?: unknown }[]
  /** Nothing has that path. */
  readonly missing: boolean
}

export interface FindOptions {
  /** Which entries of a directory to take. */
  readonly accept: (name: string, path: string) => boolean
  /** A path may also name a file itself. */
  readonly filesToo: boolean
}

/**
 * What a search asks of the file system, one request after the other. The search itself neither blocks nor waits, so there
 * is one for planning, which is synchronous, and for streams, which must not block the driver.
 */
type Request = { readonly list: string } | { readonly stat: readonly string[] }
type Answer = readonly (Dirent | Stats | NodeJS.ErrnoException)[] | NodeJS.ErrnoException
type Search = Generator<Request, Found, Answer>

/** Status calls under way at once. */
const STAT_AT_ONCE = 64

/** As findFiles, blocking. */
export function findFilesSync(path: string, options: FindOptions): Found {
  const search = searchFiles(path, options)
  for (let step = search.next(); ; ) {
    if (step.done) return step.value
    const { value } = step
    step = search.next(
      'list' in value
        ? attempt(() => readdirSync(value.list, { withFileTypes: true }))
        : value.stat.map((one) => attempt(() => statSync(one))),
    )
  }
}

/**
 * Finds the files that an absolute path stands for. A `*` is any part of one name, but not the dot at its beginning, as in a
 * shell; a path that exists as it is written is taken literally. A directory stands for the files in it, not below it.
 * Rejects with the error of the file system if a directory cannot be listed.
 */
export async function findFiles(path: string, options: FindOptions): Promise<Found> {
  const search = searchFiles(path, options)
  for (let step = search.next(); ; ) {
    if (step.done) return step.value
    const { value } = step
    step = search.next(
      'list' in value ? await readdir(value.list, { withFileTypes: true }).catch(failure) : await statAll(value.stat),
    )
  }
}

async function statAll(paths: readonly string[]): Promise<(Stats | NodeJS.ErrnoException)[]> {
  const answers: (Stats | NodeJS.ErrnoException)[] = []
  for (let at = 0; at < paths.length; at += STAT_AT_ONCE)
    answers.push(...(await Promise.all(paths.slice(at, at + STAT_AT_ONCE).map((path) => stat(path).catch(failure)))))
  return answers
}

function* searchFiles(pattern: string, { accept, filesToo }: FindOptions): Search {
  const files: FoundFile[] = []
  const faults: Found['faults'][number][] = []
  const take = (path: string, stats: Stats) => {
    const why = unreadableForm(path)
    if (why) faults.push({ path, why })
    else files.push({ path, file: identityOf(stats) })
  }
  let missing = true
  const matched = yield* expand(pattern)
  const kinds = yield* statsOf(matched)
  for (const [i, path] of matched.entries()) {
    const kind = kinds[i]!
    if (kind instanceof Error) {
      if (!isMissing(kind)) faults.push({ path, why: 'it cannot be examined', cause: kind })
      continue
    }
    if (kind.isDirectory()) {
      const entries = yield* listOf(path)
      if (!entries) continue
      missing = false
      const inside = entries.filter((entry) => mayBeFile(entry) && accept(entry.name, join(path, entry.name)))
      const stats = yield* statsOf(inside.map(({ name }) => join(path, name)))
      for (const [j, entry] of inside.entries()) {
        const at = join(path, entry.name)
        const status = stats[j]!
        if (!(status instanceof Error)) {
          if (status.isFile()) take(at, status)
        } else if (!isMissing(status) || entry.isSymbolicLink()) {
          // Other entries that are missing were renamed or deleted since they were listed.
          const why = entry.isSymbolicLink() ? 'it is a link that leads to no file' : 'it cannot be examined'
          faults.push({ path: at, why, cause: status })
        }
      }
    } else if (filesToo) {
      missing = false
      if (kind.isFile()) take(path, kind)
      else faults.push({ path, why: 'it is no file but a device, pipe or socket' })
    }
  }
  files.sort((a, b) => (a.path < b.path ? -1 : 1))
  return { files, faults, missing }
}

/** The paths that a path with `*` in its names stands for, whether they exist or not. */
function* expand(pattern: string): Generator<Request, readonly string[], Answer> {
  if (!pattern.includes('*')) return [pattern]
  const [literal] = yield* statsOf([pattern])
  if (!(literal instanceof Error)) return [pattern]
  const { root } = parse(pattern)
  let found = [root]
  for (const segment of pattern.slice(root.length).split(sep)) {
    if (segment === '') continue
    if (!segment.includes('*')) {
      found = found.map((parent) => join(parent, segment))
      continue
    }
    const escaped = segment.split(/\*+/).map((text) => text.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
    const name = new RegExp(`^${segment.startsWith('*') ? '(?!\\.)' : ''}${escaped.join('.*')}$`, 's')
    const next: string[] = []
    for (const parent of found)
      for (const entry of (yield* listOf(parent)) ?? []) if (name.test(entry.name)) next.push(join(parent, entry.name))
    found = next
  }
  return found
}

/** The entries of a directory; undefined if it is none. */
function* listOf(path: string): Generator<Request, readonly Dirent[] | undefined, Answer> {
  const answer = yield { list: path }
  if (!(answer instanceof Error)) return answer as readonly Dirent[]
  if (isMissing(answer)) return undefined
  throw answer
}

function* statsOf(paths: readonly string[]): Generator<Request, readonly (Stats | NodeJS.ErrnoException)[], Answer> {
  return (yield { stat: paths }) as readonly (Stats | NodeJS.ErrnoException)[]
}

/** Pipes, sockets and devices are never opened. Some file systems name no types: then the status decides. */
function mayBeFile(entry: Dirent): boolean {
  return !(
    entry.isDirectory() ||
    entry.isFIFO() ||
    entry.isSocket() ||
    entry.isCharacterDevice() ||
    entry.isBlockDevice()
  )
}

/** Nothing has that path: never was, or was renamed or deleted since it was listed. */
export function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOENT' || code === 'ENOTDIR'
}

function attempt<T>(call: () => T): T | NodeJS.ErrnoException {
  try {
    return call()
  } catch (error) {
    return failure(error)
  }
}

function failure(error: unknown): NodeJS.ErrnoException {
  return error as NodeJS.ErrnoException
}
