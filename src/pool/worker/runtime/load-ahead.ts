import { packr } from '../../blocks/packed-column.js'
import { comlink } from '../../endpoint.js'

const AFTER_MS = 100

/**
 * Loads modules that a thread needs sooner or later, but rarely for its first tasks, a moment after its start. So the
 * spare has loaded them when it takes a slot.
 */
export function loadAhead(): void {
  setTimeout(() => {
    comlink()
    packr()
  }, AFTER_MS).unref()
}
