import type { StateSize } from '../../pool/protocol.js'

/** The size of an operator's state at its newest version. */
export interface OperatorSize {
  readonly operator: number
  readonly version: number
  readonly keys: number
  readonly updated: number
  readonly partitions: number
}

interface Known {
  readonly version: number
  readonly partitions: Map<number, StateSize>
}

/** Counts the keys of keyed state, as the tasks report them. */
export class StateSizes {
  readonly #operators = new Map<number, Known>()

  /** Registers the size of a partition. Older versions, which a rebuild computes, change nothing. */
  report(size: StateSize): void {
    const { operator, partition, version } = size
    const known = this.#operators.get(operator)
    if (!known || version > known.version)
      this.#operators.set(operator, { version, partitions: new Map([[partition, size]]) })
    else if (version === known.version) known.partitions.set(partition, size)
  }

  /** The newest size of every operator's state. */
  get newest(): OperatorSize[] {
    return [...this.#operators].map(([operator, { version, partitions }]) => {
      let keys = 0
      let updated = 0
      for (const size of partitions.values()) {
        keys += size.keys
        updated += size.updated
      }
      return { operator, version, keys, updated, partitions: partitions.size }
    })
  }
}
