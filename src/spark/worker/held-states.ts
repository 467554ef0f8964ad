/** Tasks on an operator's state, for each partition that the process holds, after which a partition without any has moved. */
const UNUSED_TASKS = 8

interface Held {
  /** Tasks of this process on the operator's state. */
  tasks: number
  /** The count of tasks when a partition was last used. */
  readonly used: Map<number, number>
}

/**
 * The partitions of keyed state that this process holds. Where the tasks of one go to another process from some batch on, the copy here is
 * never read again, so it is dropped. If it is wanted after all, the snapshots rebuild it.
 */
export class HeldStates {
  readonly #operators = new Map<number, Held>()

  /** Registers a task on a partition. */
  use(operator: number, partition: number): void {
    const held = this.#operators.get(operator) ?? { tasks: 0, used: new Map() }
    this.#operators.set(operator, held)
    held.used.set(partition, ++held.tasks)
  }

  /** Returns the partitions that have moved, and forgets them. */
  moved(): { readonly operator: number; readonly partition: number }[] {
    return [...this.#operators].flatMap(([operator, { tasks, used }]) => {
      const limit = UNUSED_TASKS * used.size
      const old = [...used].filter(([, last]) => tasks - last > limit)
      for (const [partition] of old) used.delete(partition)
      return old.map(([partition]) => ({ operator, partition }))
    })
  }
}
