import { RddBuilder } from '../ops/rdd/builder.js'
import '../ops/all.js'
import { Engine } from './engine.js'
import { type CheckedOptions, type ContextOptions, checkOptions } from './options.js'

/**
 * Batch work over a pool of threads: `parallelize`, `textFile`, `range`, `broadcast`. Threads start with the first
 * action.
 *
 * ```ts
 * await using ctx = new Context({ threads: 2 })
 * await ctx.range(10).map((x) => x * x).reduce((a, b) => a + b) // 285
 * ```
 */
export class Context extends RddBuilder implements AsyncDisposable {
  /** The engine behind it: for the library's own parts. */
  readonly engine: Engine
  readonly options: CheckedOptions

  constructor(options: ContextOptions = {}) {
    const checked = checkOptions(options)
    super({ parallelism: checked.parallelism })
    this.options = checked
    this.engine = new Engine(checked, this)
    this.runner = this.engine
  }

  /** Starts the threads now instead of with the first action. */
  async start(): Promise<void> {
    await this.engine.open()
  }

  /** Ends the threads. Actions that run reject. Safe to call twice. */
  async stop(): Promise<void> {
    await this.engine.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}
