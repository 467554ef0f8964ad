/** The scheduler, as the memory governor uses it. */
export interface MemoryUser {
  /** Uses of map outputs, counted as in `MapOutputs.uses`, that belong to ended jobs. */
  readonly settledUses: number
  /** Frees the inputs that are pinned for warm-up runs. */
  dropWarmUpInputs(): void
  /** Called when memory was freed or a spill failed: checks again the tasks that wait for memory. */
  memoryChanged(): void
}

/**
 * Connects storage with the scheduler, which starts later, with the first action. Also notifies listeners, such as
 * receivers, of freed segments.
 */
export class MemoryPort implements MemoryUser {
  readonly #listeners = new Set<() => void>()
  #user: MemoryUser | undefined

  /** Connects the scheduler, once. */
  connect(user: MemoryUser): void {
    this.#user = user
  }

  get settledUses(): number {
    return this.#user?.settledUses ?? 0
  }

  dropWarmUpInputs(): void {
    this.#user?.dropWarmUpInputs()
  }

  memoryChanged(): void {
    this.#user?.memoryChanged()
  }

  /** Calls `listener` whenever a segment has lost its last live block, until the returned function is called. */
  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener)
    return () => this.#listeners.delete(listener)
  }

  /** Called when a segment has lost its last live block. */
  segmentFreed(): void {
    for (const listener of [...this.#listeners]) listener()
  }
}
