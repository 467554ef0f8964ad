import type { KeyedMap } from '../../../ops/keys.js'
import type { StatePartition } from './store.js'

const ABSENT = Symbol('absent')

/**
 * Changes to a partition that are made at once but can all be taken back: a user's function may throw midway, and the
 * version before must then be there for the next attempt.
 */
export class Changes {
  readonly #entries: KeyedMap<unknown>
  readonly #keys: unknown[] = []
  readonly #before: unknown[] = []

  constructor(state: StatePartition) {
    this.#entries = state.entries
  }

  set(key: unknown, value: unknown): void {
    this.#note(key)
    this.#entries.set(key, value)
  }

  delete(key: unknown): void {
    this.#note(key)
    this.#entries.delete(key)
  }

  /** Keys in the order of their changes; a key that was changed twice is there twice. */
  get keys(): readonly unknown[] {
    return this.#keys
  }

  takeBack(): void {
    for (let i = this.#keys.length - 1; i >= 0; i--) {
      if (this.#before[i] === ABSENT) this.#entries.delete(this.#keys[i])
      else this.#entries.set(this.#keys[i], this.#before[i])
    }
  }

  /** The changes stand: the next increment must hold them. */
  keep(state: StatePartition): void {
    if (!state.changed) return
    for (const key of this.#keys) state.changed.set(key, state.entries.has(key))
  }

  #note(key: unknown): void {
    this.#keys.push(key)
    const value = this.#entries.get(key)
    this.#before.push(value === undefined && !this.#entries.has(key) ? ABSENT : value)
  }
}
