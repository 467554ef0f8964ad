import { type FSWatcher, statSync, watch } from 'node:fs'
import { basename, dirname } from 'node:path'

/** Ms of silence after a change: an editor writes a file in several steps. */
const SETTLE_MS = 100

/** Files whose changes are reported. Folders are watched, as editors replace files. */
export class WatchedFiles {
  readonly #onChange: (path: string) => void
  readonly #names = new Map<string, Set<string>>()
  readonly #watchers: FSWatcher[] = []
  #timer: NodeJS.Timeout | undefined

  constructor(onChange: (path: string) => void) {
    this.#onChange = onChange
  }

  /** Adds a file, and reports it if it has changed since `since`, in ms since 1970. */
  add(path: string, since: number): void {
    const folder = dirname(path)
    const name = basename(path)
    const names = this.#names.get(folder) ?? this.#watch(folder)
    if (names.has(name)) return
    names.add(name)
    const status = statSync(path, { throwIfNoEntry: false })
    if (status && status.mtimeMs > since) this.#changed(path)
  }

  close(): void {
    clearTimeout(this.#timer)
    for (const watcher of this.#watchers) watcher.close()
  }

  #watch(folder: string): Set<string> {
    const names = new Set<string>()
    this.#names.set(folder, names)
    try {
      const watcher = watch(folder, (_, name) => {
        if (name !== null && names.has(name)) this.#changed(`${folder}/${name}`)
      })
      // A folder that is removed has no more changes.
      watcher.on('error', () => this.#names.delete(folder))
      this.#watchers.push(watcher)
    } catch {
      // The folder of an import that does not exist.
      this.#names.delete(folder)
    }
    return names
  }

  #changed(path: string): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(() => this.#onChange(path), SETTLE_MS)
  }
}
