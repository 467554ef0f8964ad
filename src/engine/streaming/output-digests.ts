import { digest } from '../../ops/rdd/digest.js'
import type { Rdd } from '../../ops/rdd/rdd.js'
import { StateRdd } from '../../ops/rdd/state.js'
import { currentSignals } from '../current-batch.js'
import type { Logger } from '../logger.js'

/**
 * Computes the digests of the records that output operations have. The dataset is persisted meanwhile, so that the functions of
 * its lineage run once, and the digest is that of the very records that the output had.
 */
export class OutputDigests {
  readonly #logger: Logger
  /** Digests of datasets that several outputs have. */
  readonly #known = new WeakMap<Rdd<unknown>, string>()
  #hasWarned = false

  constructor(logger: Logger) {
    this.#logger = logger
  }

  /** Calls `use`, which runs an output on the dataset. Returns the digest; undefined if it cannot be computed. */
  async after(rdd: Rdd<unknown>, use: () => Promise<void>): Promise<string | undefined> {
    const known = this.#known.get(rdd)
    if (known !== undefined) {
      await use()
      return known
    }
    // The threads keep state as it is.
    const isHeld = !rdd.storage && !(rdd instanceof StateRdd)
    const { rdds, runner } = rdd.context
    if (isHeld) rdds.of(rdd).held = 'memory'
    try {
      await use()
      return await this.#digest(rdd)
    } finally {
      if (isHeld) {
        rdds.of(rdd).held = undefined
        if (!rdd.storage) runner.unpersist(rdd)
      }
    }
  }

  async #digest(rdd: Rdd<unknown>): Promise<string | undefined> {
    try {
      const made = await digest(rdd)
      this.#known.set(rdd, made)
      return made
    } catch (cause) {
      if (currentSignals.getStore()?.some(({ aborted }) => aborted)) return undefined
      if (!this.#hasWarned)
        this.#logger.warn('an output has completed, and the digest of its records cannot be computed', cause)
      this.#hasWarned = true
      return undefined
    }
  }
}
