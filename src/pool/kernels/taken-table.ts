import { isAscii } from 'node:buffer'
import { cutKeys, cutTaggedKeys } from './keys.js'

/** Takes the place of an ASCII text in the kernels' memory, and its number. */
export type EachKeyText<V = number> = (memory: Buffer, at: number, length: number, value: V) => void

/** The content of the kernels' table, as they have written it: valid until they do other work. */
export class TakenTable {
  readonly #memory: Buffer
  readonly #at: number
  readonly #lengths: Uint32Array
  readonly #areTagged: boolean
  /** The count or the merged number of each key. */
  readonly values: Uint32Array | Float64Array

  /** `at`: where the keys begin, one after the other. */
  constructor(
    memory: Buffer,
    at: number,
    lengths: Uint32Array,
    values: Uint32Array | Float64Array,
    areTagged: boolean,
  ) {
    this.#memory = memory
    this.#at = at
    this.#lengths = lengths
    this.values = values
    this.#areTagged = areTagged
  }

  /** Decodes the keys, by their first occurrence. */
  keys(): unknown[] {
    return (this.#areTagged ? cutTaggedKeys : cutKeys)(this.#memory, this.#at, this.#lengths)
  }

  /** Passes all keys with their numbers. Returns false, and passes none, unless all keys are ASCII texts. */
  eachText(each: EachKeyText): boolean {
    const lengths = this.#lengths
    let at = this.#at
    if (this.#areTagged || !isAscii(this.#memory.subarray(at, at + sum(lengths)))) return false
    for (let i = 0; i < lengths.length; i++) {
      each(this.#memory, at, lengths[i]!, this.values[i]!)
      at += lengths[i]!
    }
    return true
  }
}

function sum(numbers: Uint32Array): number {
  let total = 0
  for (let i = 0; i < numbers.length; i++) total += numbers[i]!
  return total
}
