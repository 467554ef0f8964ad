/** Pairs in two columns, as they come out of a shuffle. Operators that are in a hurry work on the columns. */
export class Pairs implements Iterable<readonly [unknown, unknown]> {
  readonly keys: readonly unknown[]
  readonly values: readonly unknown[]

  constructor(keys: readonly unknown[], values: readonly unknown[]) {
    this.keys = keys
    this.values = values
  }

  *[Symbol.iterator](): Iterator<readonly [unknown, unknown]> {
    for (let i = 0; i < this.keys.length; i++) yield [this.keys[i], this.values[i]]
  }
}
