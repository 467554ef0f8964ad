import { packr } from '../blocks/packed-column.js'
import { comlink } from '../endpoint.js'

const AFTER_MS = 100

/**
 * Loads what a thread needs sooner or later, but seldom for its first tasks, when it has been there for a moment: so a
 * thread in reserve has it when it takes over.
 */
export function loadAhead(): void {
  setTimeout(() => {
    comlink()
    packr()
  }, AFTER_MS).unref()
}
