import type { FileIdentity } from '../ops/source.js'

/** A file, and the time of the batch that it was assigned to. */
export type AssignedFile = readonly [path: string, time: number, file: FileIdentity]

interface Entry {
  readonly time: number
  readonly file: FileIdentity
  /** A change of it was reported. */
  reported: boolean
}

/**
 * The files that were assigned to batches, so that none is assigned again: those that still lie in the directory, however
 * old, and those that were there lately.
 */
export class AssignedFiles {
  readonly #byPath = new Map<string, Entry>()
  readonly #pathOf = new Map<number, string>()

  add(path: string, file: FileIdentity, time: number): void {
    this.#byPath.set(path, { time, file, reported: false })
    this.#pathOf.set(file.inode, path)
  }

  /**
   * 'new': to be assigned. 'assigned': as it was. 'changed': the same file with other contents, said once. A file that was
   * renamed is the same file; another file at the same path is new.
   */
  state(path: string, file: FileIdentity, listed: ReadonlySet<string>): 'new' | 'assigned' | 'changed' {
    const entry = this.#byPath.get(path)
    if (!entry) return this.#wasRenamed(path, file, listed) ? 'assigned' : 'new'
    if (entry.file.inode !== file.inode) return 'new'
    if (isSame(entry.file, file) || entry.reported) return 'assigned'
    entry.reported = true
    return 'changed'
  }

  /** Forgets files that are gone and were assigned at or before `oldest`. */
  forget(listed: ReadonlySet<string>, oldest: number): void {
    for (const [path, { time, file }] of this.#byPath) {
      if (listed.has(path) || time > oldest) continue
      this.#byPath.delete(path)
      if (this.#pathOf.get(file.inode) === path) this.#pathOf.delete(file.inode)
    }
  }

  all(): AssignedFile[] {
    return [...this.#byPath].map(([path, { time, file }]) => [path, time, file])
  }

  restore(files: readonly AssignedFile[]): void {
    for (const [path, time, file] of files) this.add(path, file, time)
  }

  clear(): void {
    this.#byPath.clear()
    this.#pathOf.clear()
  }

  #wasRenamed(path: string, file: FileIdentity, listed: ReadonlySet<string>): boolean {
    const before = this.#pathOf.get(file.inode)
    const entry = before === undefined || listed.has(before) ? undefined : this.#byPath.get(before)
    if (!entry || !isSame(entry.file, file)) return false
    this.#byPath.delete(before!)
    this.add(path, file, entry.time)
    return true
  }
}

function isSame(a: FileIdentity, b: FileIdentity): boolean {
  return a.inode === b.inode && a.size === b.size && a.mtimeMs === b.mtimeMs
}
