import { ArgumentError, StateError } from '../../errors.js'

/** Ids a number: an owner's ids are `owner * 2^31` and those that follow. */
export const IDS_PER_OWNER = 2 ** 31
const MAX_OWNER = 2 ** 22

/** Running numbers of one owner, unique in the process as long as no two live under the same owner. */
export class IdSequence {
  readonly #what: string
  readonly #end: number
  #next: number

  /** `perOwner` is for tests. */
  constructor(owner: number, what: string, perOwner = IDS_PER_OWNER) {
    if (!Number.isInteger(owner) || owner < 0 || owner >= MAX_OWNER) {
      throw new ArgumentError(`A writer's number must be an integer from 0 to ${MAX_OWNER - 1}, not ${owner}.`, {
        owner,
      })
    }
    this.#what = what
    this.#next = owner * IDS_PER_OWNER
    this.#end = this.#next + perOwner
  }

  next(): number {
    // Going on would give out the ids of the next owner.
    if (this.#next === this.#end) {
      throw new StateError(`This thread has used all of its ${this.#what} ids; replace the thread.`)
    }
    return this.#next++
  }
}
