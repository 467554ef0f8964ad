import { ArgumentError } from '../errors.js'
import { describe } from '../ops/functions/plain-data.js'
import { RddBuilder } from '../ops/rdd/builder.js'
import '../ops/all.js'
import { DeadLetterBook } from './dead-letter-book.js'
import { currentSignal, Engine } from './engine.js'
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
  /**
   * Records that were given up, as their function threw: counted, and the newest kept. See `onRecordError`.
   *
   * ```ts
   * await ctx.parallelize(['1', 'x']).map((s) => BigInt(s), { onRecordError: 'deadLetter' }).count()
   * await Promise.resolve(ctx.deadLetters.latest.map(({ record }) => record)) // ['x']
   * ```
   */
  readonly deadLetters: DeadLetterBook

  constructor(options: ContextOptions = {}) {
    const checked = checkOptions(options)
    super({ parallelism: checked.parallelism, parallelismGiven: options.parallelism !== undefined })
    this.options = checked
    this.engine = new Engine(checked, this)
    this.runner = this.engine
    this.deadLetters = new DeadLetterBook(checked.deadLetterLimit)
    this.engine.events.on('deadLetters', (batch) => this.deadLetters.add(batch))
  }

  /** Starts the threads now instead of with the first action. */
  async start(): Promise<void> {
    await this.engine.open()
  }

  /**
   * Calls `fn`; when `signal` aborts, actions that were called in it reject with JobCancelledError, whose cause is the
   * signal's reason. Waiting tasks do not start. Tasks that await
   * end at once, and the signals of their `mapAsync` calls abort; tasks that compute run on, and their results are dropped.
   * It is for actions only: a signal around `ssc.start()` ends no batch.
   *
   * ```ts
   * const soon = AbortSignal.timeout(60_000)
   * await ctx.withSignal(soon, () => ctx.range(1000).count()) // 1000
   * ```
   *
   * @throws ArgumentError unless it gets an AbortSignal.
   */
  withSignal<R>(signal: AbortSignal, fn: () => R): R {
    if (!(signal instanceof AbortSignal)) {
      throw new ArgumentError(
        `withSignal got ${describe(signal)}; it takes an AbortSignal, such as that of an AbortController.`,
      )
    }
    return currentSignal.run(signal, fn)
  }

  /** Ends the threads. Actions that run reject. Safe to call twice. */
  async stop(): Promise<void> {
    await this.engine.close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}
