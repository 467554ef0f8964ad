import type { FileIdentity } from '../files/identity.js'

/** A file, and the time of the batch to which it was assigned. */
export type AssignedFile = readonly [path: string, time: number, file: FileIdentity]

interface Entry {
  readonly time: number
  readonly file: FileIdentity
  /** Whether a change of the file was reported. */
  reported: boolean
}

/**
 * The files that were assigned to batches, so that none is assigned again: files that are still in the directory,
 * however old, and files that were there recently.
 */
export class AssignedFiles {
  readonly #byPath = new Map<string, Entry>()
  readonly #pathOf = new Map<FileIdentity['id'], string>()

  add(path: string, file: FileIdentity, time: number): void {
    this.#byPath.set(path, { time, file, reported: false })
    this.#pathOf.set(file.id, path)
  }

  /**
   * 'new': the file is to be assigned. 'assigned': it is unchanged. 'changed': the same file has other contents;
   * returned once. A renamed file is the same file; another file at the same path is new.
   */
  state(path: string, file: FileIdentity, listed: ReadonlySet<string>): 'new' | 'assigned' | 'changed' {
    const entry = this.#byPath.get(path)
    if (!entry) return this.#wasRenamed(path, file, listed) ? 'assigned' : 'new'
    if (entry.file.id !== file.id) return 'new'
    if (isSame(entry.file, file) || entry.reported) return 'assigned'
    entry.reported = true
    return 'changed'
  }

  /** Forgets files that no longer exist and were assigned at or before `oldest`. */
  forget(listed: ReadonlySet<string>, oldest: number): void {
    for (const [path, { time, file }] of this.#byPath) {
      if (listed.has(path) || time > oldest) continue
      this.#byPath.delete(path)
      if (this.#pathOf.get(file.id) === path) this.#pathOf.delete(file.id)
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
    const before = this.#pathOf.get(file.id)
    const entry = before === undefined || listed.has(before) ? undefined : this.#byPath.get(before)
    if (!entry || !isSame(entry.file, file)) return false
    this.#byPath.delete(before!)
    this.add(path, file, entry.time)
    return true
  }
}

function isSame(a: FileIdentity, b: FileIdentity): boolean {
  return a.id === b.id && a.size === b.size && a.mtimeMs === b.mtimeMs
}
