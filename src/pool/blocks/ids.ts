import { ArgumentError, StateError } from '../../errors.js'
import { WRITERS_END } from './writers.js'

/** Ids per owner: an owner's ids begin at `owner * 2^31`. */
export const IDS_PER_OWNER = 2 ** 31

/** Running numbers of one owner, unique in the process as long as no two sequences have the same owner. */
export class IdSequence<T extends number = number> {
  readonly #what: string
  readonly #end: number
  #next: number

  /** `perOwner` is for tests. */
  constructor(owner: number, what: string, perOwner = IDS_PER_OWNER) {
    if (!Number.isInteger(owner) || owner < 0 || owner >= WRITERS_END) {
      throw new ArgumentError(`A writer's number must be an integer from 0 to ${WRITERS_END - 1}, not ${owner}.`, {
        owner,
      })
    }
    this.#what = what
    this.#next = owner * IDS_PER_OWNER
    this.#end = this.#next + perOwner
  }

  next(): T {
    // The next id would belong to the next owner.
    if (this.#next === this.#end) {
      throw new StateError(`This thread has used all of its ${this.#what} ids; replace the thread.`)
    }
    return this.#next++ as T
  }
}
