import { statSync } from 'node:fs'

/** Ms between two looks at the files. */
const LOOK_MS = 200

/**
 * Files whose changes are reported. It looks at them again and again: what the system watches ends with its folder, and many builds
 * remove their folder first.
 */
export class WatchedFiles {
  readonly #onChange: (path: string) => void
  readonly #versions = new Map<string, string>()
  readonly #timer = setInterval(() => this.#look(), LOOK_MS)
  #changed: string | undefined

  constructor(onChange: (path: string) => void) {
    this.#onChange = onChange
  }

  /** Adds a file, and reports it if it has changed since `since`, in ms since 1970. */
  add(path: string, since: number): void {
    if (this.#versions.has(path)) return
    const { version, changed } = lookAt(path)
    this.#versions.set(path, version)
    if (changed > since) this.#changed = path
  }

  close(): void {
    clearInterval(this.#timer)
  }

  /** Reports a change once the files are still: editors and builds write in several steps. */
  #look(): void {
    let isStill = true
    for (const [path, known] of this.#versions) {
      const { version } = lookAt(path)
      if (version === known) continue
      this.#versions.set(path, version)
      isStill = false
      // A file that was removed is reported when it is there again.
      if (version !== MISSING) this.#changed = path
    }
    if (!isStill || this.#changed === undefined) return
    const path = this.#changed
    this.#changed = undefined
    this.#onChange(path)
  }
}

const MISSING = ''

/** Returns what differs between two versions of a file, and the time of its last change in ms since 1970. */
function lookAt(path: string): { readonly version: string; readonly changed: number } {
  const status = statSync(path, { throwIfNoEntry: false })
  if (!status) return { version: MISSING, changed: 0 }
  return { version: `${status.ino} ${status.size} ${status.mtimeMs}`, changed: status.mtimeMs }
}
