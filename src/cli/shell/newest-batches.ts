import type { Context } from '../../index.js'
import { type BatchLine, lineOf, newestOf } from './questions.js'

const KEPT = 100
const NEWEST = 20

/** The batches that have ended, for `batches()`. */
export class NewestBatches {
  readonly #lines: BatchLine[] = []

  constructor(context: Pick<Context, 'on'>) {
    context.on('batchCompleted', (batch) => {
      const failed = batch.outputs.some(({ error }) => error)
      this.#lines.push(lineOf({ ...batch, status: failed ? 'failed' : 'completed' }))
      if (this.#lines.length > KEPT) this.#lines.shift()
    })
  }

  /** The newest batches, the newest first. */
  newest(count = NEWEST): BatchLine[] {
    return newestOf(this.#lines, count)
  }
}
