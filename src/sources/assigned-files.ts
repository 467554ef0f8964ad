import type { FileIdentity } from '../files/identity.js'

/** A file, and the time of the batch to which it was assigned. */
export type AssignedFile = readonly [path: string, time: number, file: FileIdentity]

/** The files of a listing: the id of each, by its path. */
export type Listed = ReadonlyMap<string, FileIdentity['id']>

interface Entry {
  readonly time: number
  readonly file: FileIdentity
  /** The path at which the file was found last. */
  path: string
  /** The file when it was found last, which differs from `file` after a change. */
  found: FileIdentity
  /** Whether a change of the file was reported. */
  isReported: boolean
  /** Whether a listing did not contain the file. A file that appears later with its id is another one. */
  isGone: boolean
}

/**
 * The files that were assigned to batches, so that none is assigned again: files that are still in the directory,
 * however old, and files that were there recently.
 */
export class AssignedFiles {
  readonly #entries = new Set<Entry>()
  readonly #byPath = new Map<string, Entry>()
  /** Finds files that were renamed. Ids alone are not unique: a file may have the id of a deleted one, or of one on another device. */
  readonly #byFile = new Map<string, Entry>()

  add(path: string, file: FileIdentity, time: number): void {
    const entry = { time, file, path, found: file, isReported: false, isGone: false }
    this.#entries.add(entry)
    this.#byPath.set(path, entry)
    this.#byFile.set(keyOf(file), entry)
  }

  /**
   * 'new': the file is to be assigned. 'assigned': it is unchanged. 'changed': the same file has other contents;
   * returned once. A renamed file is the same file, also if another one has its old path now; another file at the same
   * path is new.
   */
  state(path: string, file: FileIdentity, listed: Listed): 'new' | 'assigned' | 'changed' {
    const entry = this.#byPath.get(path)
    if (entry?.found.id !== file.id) return this.#wasRenamed(path, file, listed) ? 'assigned' : 'new'
    if (keyOf(entry.found) === keyOf(file)) return 'assigned'
    if (entry.isGone) return 'new'
    const { isReported } = entry
    this.#unindex(entry)
    Object.assign(entry, { found: file, isReported: true })
    this.#byFile.set(keyOf(file), entry)
    return isReported ? 'assigned' : 'changed'
  }

  /** Forgets files that are no longer where they were and were assigned at or before `oldest`. */
  forget(listed: Listed, oldest: number): void {
    for (const entry of this.#entries) {
      entry.isGone ||= listed.get(entry.path) !== entry.found.id
      if (!entry.isGone || entry.time > oldest) continue
      this.#entries.delete(entry)
      this.#unindex(entry)
      if (this.#byPath.get(entry.path) === entry) this.#byPath.delete(entry.path)
    }
  }

  all(): AssignedFile[] {
    return [...this.#entries].map(({ path, time, file }) => [path, time, file])
  }

  restore(files: readonly AssignedFile[]): void {
    for (const [path, time, file] of files) this.add(path, file, time)
  }

  clear(): void {
    this.#entries.clear()
    this.#byPath.clear()
    this.#byFile.clear()
  }

  #wasRenamed(path: string, file: FileIdentity, listed: Listed): boolean {
    const entry = this.#byFile.get(keyOf(file))
    // A second name of a file is another file.
    if (!entry || listed.get(entry.path) === file.id) return false
    if (this.#byPath.get(entry.path) === entry) this.#byPath.delete(entry.path)
    this.#byPath.set(path, entry)
    entry.path = path
    entry.isGone = false
    return true
  }

  #unindex(entry: Entry): void {
    const key = keyOf(entry.found)
    if (this.#byFile.get(key) === entry) this.#byFile.delete(key)
  }
}

function keyOf({ id, size, mtimeMs }: FileIdentity): string {
  return `${id} ${size} ${mtimeMs}`
}
