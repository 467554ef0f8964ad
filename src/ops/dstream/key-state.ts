import { StateError } from '../../errors.js'
import { checkResult } from '../functions/results.js'

/**
 * The state of one key, as a function given to mapWithState sees it. What the function does to it holds once the batch is
 * complete.
 */
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

  /** A key without state. */
  static none<S>(): KeyState<S> {
    return new KeyState<S>(false, undefined, false)
  }

  static of<S>(value: S): KeyState<S> {
    return new KeyState<S>(true, value, false)
  }

  /** The state of a key that has been idle too long: it can be read only, and goes after the call. */
  static timingOut<S>(value: S): KeyState<S> {
    return new KeyState<S>(true, value, true)
  }

  exists(): boolean {
    return this.#exists
  }

  /**
   * Returns the value. A change to the object that it returns is kept, also without update().
   * @throws StateError where there is none: ask exists() first, or use getOption().
   */
  get(): S {
    if (!this.#exists)
      throw new StateError('state.get(): this key has no state. Ask state.exists() first, or use state.getOption().')
    return this.#value as S
  }

  getOption(): S | undefined {
    return this.#exists ? this.#value : undefined
  }

  /** Sets the value. Throws StateError after remove(), and for a key that is timing out. */
  update(value: S): void {
    this.#mustBeOpen('update')
    if (typeof value === 'object' && value !== null) checkResult(value, true)
    this.#value = value
    this.#exists = true
    this.#updated = true
  }

  /** Ends the state of this key. Throws StateError a second time, and for a key that is timing out. */
  remove(): void {
    this.#mustBeOpen('remove')
    this.#exists = false
    this.#updated = false
    this.#removed = true
  }

  /** True where the key has been idle for longer than the timeout, and this call is its last. */
  isTimingOut(): boolean {
    return this.#timingOut
  }

  isUpdated(): boolean {
    return this.#updated
  }

  isRemoved(): boolean {
    return this.#removed
  }

  #mustBeOpen(call: string): void {
    if (this.#removed) throw new StateError(`state.${call}(): the state of this key was removed in the same call.`)
    if (this.#timingOut)
      throw new StateError(
        `state.${call}(): this key is timing out; its state goes after this call, whatever is done to it.`,
      )
  }
}
