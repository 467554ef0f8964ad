import { StateError } from '../../errors.js'
import { checkResult } from '../functions/results.js'

/** The state of one key, as the function of mapWithState receives it. Changes take effect when the batch completes. */
export class KeyState<S> {
  #value: S | undefined
  #exists: boolean
  #updated = false
  #removed = false
  readonly #timingOut: boolean

  private constructor(exists: boolean, value: S | undefined, timingOut: boolean) {
    this.#exists = exists
    this.#value = value
    this.#timingOut = timingOut
  }

  /** Returns the object for a key without state. */
  static none<S>(): KeyState<S> {
    return new KeyState<S>(false, undefined, false)
  }

  /** Returns the object for a key with state. */
  static of<S>(value: S): KeyState<S> {
    return new KeyState<S>(true, value, false)
  }

  /** Returns the object for a key whose timeout has passed. It is read-only, and the key is removed after the call. */
  static timingOut<S>(value: S): KeyState<S> {
    return new KeyState<S>(true, value, true)
  }

  /** Returns the object `state` for another key, whose value is undefined if it has no state. */
  static again<S>(state: KeyState<S>, exists: boolean, value: S | undefined): KeyState<S> {
    state.#exists = exists
    state.#value = value
    state.#updated = false
    state.#removed = false
    return state
  }

  /** Returns whether the key has state. */
  exists(): boolean {
    return this.#exists
  }

  /**
   * Returns the value. Changes inside the returned object are kept even without update().
   *
   * @throws StateError if there is none: check exists() first, or use getOption().
   */
  get(): S {
    if (!this.#exists)
      throw new StateError('state.get(): this key has no state. Check state.exists() first, or use state.getOption().')
    return this.#value as S
  }

  /** Returns the value, or undefined if there is none. */
  getOption(): S | undefined {
    return this.#exists ? this.#value : undefined
  }

  /** Sets the value. @throws StateError after remove(), and if the key is timing out. */
  update(value: S): void {
    this.#mustBeOpen('update')
    if (typeof value === 'object' && value !== null) checkResult(value, true)
    this.#value = value
    this.#exists = true
    this.#updated = true
  }

  /** Removes the state of this key. @throws StateError if it is already removed or the key is timing out. */
  remove(): void {
    this.#mustBeOpen('remove')
    this.#exists = false
    this.#updated = false
    this.#removed = true
  }

  /** Returns whether the timeout of the key has passed, so that this is the last call for it. */
  isTimingOut(): boolean {
    return this.#timingOut
  }

  /** Returns whether update() was called. */
  isUpdated(): boolean {
    return this.#updated
  }

  /** Returns whether remove() was called. */
  isRemoved(): boolean {
    return this.#removed
  }

  #mustBeOpen(call: string): void {
    if (this.#removed) throw new StateError(`state.${call}(): the state of this key was removed in the same call.`)
    if (this.#timingOut)
      throw new StateError(
        `state.${call}(): this key is timing out, so its state is read-only and is removed after this call.`,
      )
  }
}

/** Methods of a state, whose results do not refer to it. */
export const STATE_METHODS: ReadonlySet<string> = new Set([
  'exists',
  'get',
  'getOption',
  'update',
  'remove',
  'isTimingOut',
  'isUpdated',
  'isRemoved',
])
