import { setTimeout as wait } from 'node:timers/promises'
import { localEngineOf } from '../../engine/local/local-engine-of.js'
import { ManualClock, StreamingContext } from '../../index.js'
import { Counts } from './counts.js'
import { Killer } from './killer.js'
import { Measures } from './measures.js'
import { PUSHED, type StressParams } from './pipelines/params.js'
import { PIPELINES } from './pipelines.js'
import type { StressConfig, StressReport } from './report.js'
import { killsDuring } from './schedule.js'
import { newFaultMemory } from './tripwire.js'
import { Verifier } from './verifier.js'
import { Watchdog } from './watchdog.js'

/**
 * Batches before the measured time. They run one after the other, because cold threads would fall behind the clock and
 * take long to catch up.
 */
const WARM_UP = 10
/** The share of a run without kills, for comparison. */
const QUIET_SHARE = 0.25
const FEWEST_BATCHES = 4
/** `taskTimeout` in mode `spin`: it ends a thread that spins. */
const SPIN_TIMEOUT_MS = 1_000
/** Low limits, so that the scheduler copies healthy tasks too. */
const SPECULATION = { multiplier: 1, quantile: 0, minMs: 5 } as const
const MIB = 1024 * 1024

/** Runs one pipeline beside its oracle, kills threads by mode, and compares every batch. */
export async function runPipeline(config: StressConfig): Promise<StressReport> {
  const { pipeline, seed, threads, rate, batchInterval: interval, mode } = config
  const { replicas, replication, speculation, memoryLimit, snapshotInterval } = config
  const params: StressParams = { seed, mean: (rate * interval) / 1000, interval, faults: newFaultMemory() }
  const ssc = await StreamingContext.fromPipeline(PIPELINES[pipeline].module, {
    batchInterval: interval,
    threads,
    clock: new ManualClock(0),
    // The pipelines' functions are not proven to be free of effects, because of the injected faults. Warm-up copies
    // trigger no fault.
    warmUp: 'all',
    params,
    replicas,
    replication,
    speculation: speculation && SPECULATION,
    ...(memoryLimit === undefined ? {} : { memoryLimit: memoryLimit * MIB }),
    stateSnapshotInterval: snapshotInterval,
    ...(mode === 'spin' ? { taskTimeout: SPIN_TIMEOUT_MS } : {}),
  })
  try {
    return await new StressRun(config, params, ssc).run()
  } finally {
    await ssc.stop()
  }
}

/**
 * A run. The seed determines the records of every batch, so a manual clock creates the batches. It follows real time,
 * in which kills happen.
 */
class StressRun {
  readonly #config: StressConfig
  readonly #params: StressParams
  readonly #ssc: StreamingContext
  readonly #batches: number
  /** The last batch before the first kill. */
  readonly #quiet: number
  readonly #counts: Counts
  readonly #verifier: Verifier
  readonly #killer: Killer
  readonly #measures = new Measures((batch) => this.#dueAt(batch))
  readonly #over = new AbortController()
  readonly #kills: Promise<void>[] = []
  #startedAt = 0

  constructor(config: StressConfig, params: StressParams, ssc: StreamingContext) {
    const { pipeline, duration, batchInterval, mode } = config
    this.#config = config
    this.#params = params
    this.#ssc = ssc
    const timed = Math.max(FEWEST_BATCHES, Math.round(duration / batchInterval))
    this.#batches = WARM_UP + timed
    this.#quiet = WARM_UP + Math.ceil(timed * QUIET_SHARE)
    this.#counts = new Counts(ssc)
    this.#verifier = new Verifier(PIPELINES[pipeline].oracle(params), batchInterval)
    this.#killer = new Killer(ssc, mode, params)
  }

  async run(): Promise<StressReport> {
    const ssc = this.#ssc
    await ssc.start()
    await localEngineOf(ssc).pool!.whenStrong()
    const watchdog = new Watchdog()
    this.#listen(watchdog)
    const readers = Promise.allSettled([...ssc.outputNames].map((name) => this.#read(name)))
    let failure: unknown
    try {
      await Promise.race([this.#drive(), ssc.awaitTermination(), watchdog.starved])
    } catch (error) {
      failure = error
    }
    this.#over.abort()
    watchdog.close()
    await ssc.stop()
    for (const reader of await readers) if (reader.status === 'rejected') failure ??= reader.reason
    return this.#report(failure)
  }

  #dueAt(batch: number): number {
    return this.#startedAt + (batch - WARM_UP) * this.#config.batchInterval
  }

  #listen(watchdog: Watchdog): void {
    const ssc = this.#ssc
    ssc.on('threadLost', () => this.#killed(this.#killer.faultTaken()))
    ssc.on('taskRetried', () => this.#killed(this.#killer.faultTaken()))
    ssc.on('batchCompleted', ({ time }) => {
      this.#measures.completed(time / this.#config.batchInterval)
      this.#killer.recovered()
      watchdog.alive()
    })
  }

  async #read(name: string): Promise<void> {
    for await (const batch of this.#ssc.output(name)) this.#verifier.check(name, batch)
  }

  async #drive(): Promise<void> {
    const { batchInterval, seed, killsPerSecond } = this.#config
    for (let batch = 1; batch <= WARM_UP; batch++) {
      await this.#tick(batch)
      await this.#ssc.awaitIdle()
    }
    this.#startedAt = performance.now()
    for (let batch = WARM_UP + 1; batch <= this.#batches; batch++) {
      if (!(await this.#until(this.#dueAt(batch)))) return
      if (batch > this.#quiet) {
        for (const { offset, pick } of killsDuring(seed, batch, killsPerSecond, batchInterval)) {
          this.#kills.push(this.#kill(this.#dueAt(batch) + offset, pick))
        }
      }
      await this.#tick(batch)
    }
    await Promise.all(this.#kills)
    this.#killer.close()
    await this.#ssc.awaitIdle()
  }

  async #tick(batch: number): Promise<void> {
    const { pipeline, batchInterval } = this.#config
    const { push } = PIPELINES[pipeline]
    if (push) await this.#ssc.pushHandle(PUSHED).pushAll(push(this.#params, batch))
    await (this.#ssc.clock as ManualClock).advance(batchInterval)
  }

  async #kill(at: number, pick: number): Promise<void> {
    if (await this.#until(at)) this.#killed(await this.#killer.kill(pick))
  }

  #killed(kill: ReturnType<Killer['faultTaken']>): void {
    if (!kill) return
    this.#counts.killed(kill)
    this.#measures.killed(kill)
  }

  /** Waits until a moment of performance.now(). Returns false if the run ended first. */
  #until(at: number): Promise<boolean> {
    const { signal } = this.#over
    return wait(Math.max(0, at - performance.now()), true, { signal }).catch((error: unknown) => {
      if (signal.aborted) return false
      throw error
    })
  }

  #report(failure: unknown): StressReport {
    const done = this.#measures.batches
    const { wrong, lost, duplicated, first } = this.#verifier.finish(done)
    const size = (batch: number) => this.#verifier.size(batch)
    return {
      ...this.#config,
      ...this.#counts.totals(),
      batches: done,
      batchesDue: this.#batches,
      records: Array.from({ length: done }, (_, i) => size(i + 1)).reduce((a, b) => a + b, 0),
      wrongBatches: wrong,
      lostRecords: lost,
      duplicatedRecords: duplicated,
      recoveryMs: this.#measures.recoveryMs,
      quiet: this.#measures.phase(WARM_UP + 1, this.#quiet, size),
      underKills: this.#measures.phase(this.#quiet + 1, this.#batches, size),
      timeline: this.#measures.timeline(WARM_UP + 1),
      firstDifference: first,
      failure: failure === undefined ? undefined : failure instanceof Error ? failure.message : String(failure),
    }
  }
}
