import type { Dirent } from 'node:fs'
import { readdir } from 'node:fs/promises'
import { join, parse, resolve, sep } from 'node:path'
import { SourceError } from '../errors.js'

/**
 * The directories that a path with `*` in its segments stands for. A `*` is any part of one name, but not the dot at its
 * beginning, as in a shell: hidden staging directories stay out. Without `*`, the path itself, whether it exists or not.
 */
export async function matchDirectories(pattern: string): Promise<readonly string[]> {
  const absolute = resolve(pattern)
  const { root } = parse(absolute)
  let found = [root]
  for (const segment of absolute.slice(root.length).split(sep)) {
    if (segment === '') continue
    found = segment.includes('*') ? await expand(found, segment) : found.map((parent) => join(parent, segment))
  }
  return found
}

/** The entries of a directory, or undefined if there is no such directory. Another fault is a SourceError. */
export async function list(directory: string): Promise<readonly Dirent[] | undefined> {
  try {
    return await readdir(directory, { withFileTypes: true })
  } catch (error) {
    if (isMissing(error)) return undefined
    throw new SourceError(`The directory ${directory} cannot be read. Check its permissions.`, {
      cause: error,
      details: { path: directory },
    })
  }
}

/** Nothing has that path: never was, or was renamed or deleted since it was listed. */
export function isMissing(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOENT' || code === 'ENOTDIR'
}

async function expand(parents: readonly string[], segment: string): Promise<string[]> {
  const escaped = segment.split(/\*+/).map((text) => text.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
  const name = new RegExp(`^${segment.startsWith('*') ? '(?!\\.)' : ''}${escaped.join('.*')}$`, 's')
  const matched: string[] = []
  for (const parent of parents) {
    for (const entry of (await list(parent)) ?? []) {
      // A link may lead to a directory; whoever lists it will see.
      const maybe = entry.isDirectory() || entry.isSymbolicLink()
      if (maybe && name.test(entry.name)) matched.push(join(parent, entry.name))
    }
  }
  return matched
}
