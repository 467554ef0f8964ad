import { ArgumentError } from '../errors.js'
import { RddBuilder } from '../ops/rdd/builder.js'
import { RddContext } from '../ops/rdd/context.js'
import '../ops/all.js'
import { openFileSystems } from '../pool/open-file-systems.js'
import { SparkEngine } from '../spark/spark-engine.js'
import { describe } from '../values/describe.js'
import { usable } from '../values/unusable.js'
import { currentSignals } from './current-batch.js'
import { AddedDeadLetters, type DeadLetterLog } from './dead-letters/dead-letter-log.js'
import { attachEngine, engineOf } from './engine-of.js'
import type { EventListener, EventName, Listener } from './events/engine-events.js'
import { LocalEngine } from './local/local-engine.js'
import { type ContextOptions, type ContextSettings, checkOptions } from './options.js'

/**
 * Runs batch jobs on a pool of threads: `parallelize`, `textFile`, `range`, `broadcast`. Threads start with the first
 * action.
 *
 * ```ts
 * await using ctx = new Context({ threads: 2 })
 * await ctx.range(10).map((x) => x * x).reduce((a, b) => a + b) // 285
 * ```
 */
export class Context extends RddBuilder implements AsyncDisposable {
  /** The options of the context, with defaults for those that were not set. */
  readonly options: ContextSettings
  /**
   * Counts the records that were dropped because their function threw, and stores the newest. See `onRecordError`.
   *
   * ```ts
   * await ctx.parallelize(['1', 'x']).map((s) => BigInt(s), { onRecordError: 'dead-letter' }).count()
   * await Promise.resolve(ctx.deadLetters.latest.map(({ record }) => record)) // ['x']
   * ```
   */
  readonly deadLetters: DeadLetterLog

  constructor(options: ContextOptions = {}) {
    const checked = checkOptions(options)
    const { parallelism } = checked
    const files = openFileSystems(checked.fileSystems)
    const context = new RddContext({ parallelism, explicitParallelism: options.parallelism !== undefined, files })
    super(context)
    this.options = checked
    const engine = checked.master === undefined ? new LocalEngine(checked, context) : new SparkEngine(checked, context)
    attachEngine(this, engine)
    context.runner = engine
    const deadLetters = new AddedDeadLetters(checked.deadLetterLimit)
    this.deadLetters = deadLetters
    this.on('deadLetters', (batch) => deadLetters.add(batch))
  }

  /**
   * Calls `listener` for every event of this name. Returns a function that unsubscribes it.
   *
   * ```ts
   * const unsubscribe = ctx.on('threadLost', ({ slot, reason }) => console.log(slot, reason))
   * unsubscribe()
   * ```
   */
  on<E extends EventName>(name: E, listener: EventListener<E>): () => void {
    return engineOf(this).events.on(name, listener)
  }

  /**
   * Adds an object with a method for each event that it receives, as the listeners of Spark do. Returns a function that
   * removes it. An error of a method, or a promise that rejects, is logged and ends nothing.
   *
   * ```ts
   * const remove = ctx.listen({
   *   jobStarted: ({ id, label }) => console.log(id, label),
   *   jobCompleted: ({ id, ms }) => console.log(id, ms),
   * })
   * remove()
   * ```
   *
   * @throws ArgumentError for a plain object with another name, or without any event.
   */
  listen(listener: Listener): () => void {
    return engineOf(this).events.listen(listener)
  }

  /** Starts the threads now instead of with the first action. Takes 50 to 100 ms. */
  async start(): Promise<void> {
    await engineOf(this).open()
  }

  /**
   * Calls `fn`. When `signal` aborts, the actions called in it reject with JobCancelledError, whose cause is the
   * signal's reason. Waiting tasks do not start. Tasks that await end at once, and the signals of their `mapAsync`
   * calls abort. Tasks that compute continue, and their results are dropped. In nested calls, either signal
   * cancels. Only actions are cancelled: a signal around `ssc.start()` ends no batch.
   *
   * ```ts
   * const soon = AbortSignal.timeout(60_000)
   * await ctx.withSignal(soon, () => ctx.range(1000).count()) // 1000
   * ```
   *
   * @throws ArgumentError unless `signal` is an AbortSignal and `fn` a function.
   */
  withSignal<R>(signal: AbortSignal, fn: () => R): R {
    if (!usable('withSignal', [signal], () => signal instanceof AbortSignal)) {
      throw new ArgumentError(
        `withSignal got ${describe(signal)}; it takes an AbortSignal, such as that of an AbortController.`,
      )
    }
    if (typeof fn !== 'function')
      throw new ArgumentError(`withSignal got ${describe(fn)}; it takes a function that calls actions.`)
    return currentSignals.run([...(currentSignals.getStore() ?? []), signal], () => fn())
  }

  /** Stops the threads. Running actions reject. A second call has no effect. */
  async stop(): Promise<void> {
    await engineOf(this).close()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }
}
