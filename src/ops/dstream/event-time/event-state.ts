import { finite, object, or, time } from '../../../values/schema.js'
import type { Partitioner } from '../../dataset.js'
import { builtin, defineBuiltin } from '../../functions/builtin.js'
import type { FnRef } from '../../functions/ref.js'
import { asPair } from '../../pair.js'
import type { Observation, StateOperator } from '../../plan.js'
import { type Partitions, partitionBy, partitionerOf } from '../../rdd/by-key.js'
import { ChainRdd } from '../../rdd/chain.js'
import type { Rdd } from '../../rdd/rdd.js'
import { StateRdd } from '../../rdd/state.js'
import { capturedBy, Stream } from '../dstream.js'
import type { Kept } from '../node.js'
import type { StateVersion } from '../state-version.js'
import { type ComputedVersion, StatefulStream, type Version } from '../stateful.js'
import { checkSlides } from '../transform.js'
import type { EventTimeInfo, EventTimeStream } from './info.js'
import { Observations } from './observations.js'
import { PartsRdd } from './parts-rdd.js'
import { fromJson, LeastWatermarks, toJson, type Watermarks } from './watermarks.js'

export interface EventInputOf {
  readonly timed: Stream<[number, unknown]>
  readonly watermarks: Watermarks
}

export interface EventStateOptions {
  readonly label: string
  readonly how: StateOperator
  /** The function that turns `[time, record]` into `[key, [time, value]]`. */
  readonly place: 'timedByPair' | 'timedByValue' | 'timedTogether'
  readonly partitions: Partitions | undefined
  /** The version of values that are the user's. */
  readonly version?: StateVersion
}

defineBuiltin('timedByPair', () => ([time, record]: [number, unknown]) => {
  const [key, value] = asPair(record)
  return [key, [time, value]]
})
defineBuiltin('timedByValue', () => ([time, value]: [number, unknown]) => [value, [time, 1]])
defineBuiltin('timedTogether', () => (timed: [number, unknown]) => [null, timed])

/** A version of state by event time. `watermark` is null before the first record. */
interface EventVersion extends Version {
  readonly watermark: number | null
}

/**
 * State by key and event time. Each version has two watermarks. Windows that end at or before its batch's watermark are
 * complete and emitted now. Windows that end at or before the previous version's watermark were emitted already, so
 * further records for them are late. An operator emits a window's result when the watermark passes the window; the next
 * operator compares it with the previous watermark, so it is not late there, however long the chain of operators.
 */
export class EventStateStream extends StatefulStream<[number, unknown], EventVersion> implements EventTimeStream {
  readonly watermarks: LeastWatermarks
  readonly #options: EventStateOptions
  readonly #place: FnRef
  readonly #partitioner: Partitioner

  constructor(inputs: readonly EventInputOf[], options: EventStateOptions) {
    const parents = inputs.map(({ timed }) => timed)
    checkSlides(parents, options.label)
    const { graph, slideDuration } = parents[0]!
    super(graph, options.label, parents, slideDuration)
    this.watermarks = new LeastWatermarks(
      inputs.map(({ watermarks }) => watermarks),
      graph.run,
    )
    this.#options = options
    this.#place = capturedBy(this, builtin(options.place), options.label)
    this.#partitioner = partitionerOf(graph.context, options.partitions)
    graph.eventTime.set(this.id, this)
  }

  get #observations(): Observations {
    return this.graph.run.of(this, Observations)
  }

  override get kept(): Kept {
    const { label, how, version } = this.#options
    return {
      ...version,
      form: `${label} ${formOf(how)}`,
      progress: object({ time, watermark: or(null, finite) }),
      partitioner: this.#partitioner,
    }
  }

  override resume(newest: unknown): void {
    super.resume(newest)
    this.watermarks.resume(fromJson((newest as EventVersion).watermark))
  }

  override drop(time: number): void {
    super.drop(time)
    this.#observations.delete(time)
  }

  override forget(time: number): number[] {
    for (const old of this.#observations.times())
      if (old <= time - this.rememberDuration) this.#observations.delete(old)
    return super.forget(time)
  }

  observe(observation: Observation): void {
    this.#observations.enter(observation)
  }

  info(time: number): EventTimeInfo | undefined {
    const { newest } = this
    if (newest?.time !== time) return undefined
    return {
      stream: this.id,
      name: `${this.label}#${this.id}`,
      watermark: newest.watermark ?? undefined,
      late: this.#observations.of(time).late,
    }
  }

  protected override next(
    time: number,
    previous: EventVersion | undefined,
  ): ComputedVersion<[number, unknown], EventVersion> | undefined {
    const { how, label } = this.#options
    const arrived = this.parents.map((parent) => parent.getOrCompute(time))
    if (!previous && arrived.every((rdd) => rdd === undefined)) return undefined
    const { watermark } = this.watermarks.at(time)
    const before = fromJson(previous?.watermark ?? null)
    this.#observations.expect(time)
    const rdd = new StateRdd<[number, unknown]>(
      this.graph.context,
      {
        operator: this.id,
        time,
        previous: previous?.time,
        changes: arrived.map((rdd) => (rdd ? [this.#placed(rdd, before)] : [])),
        partitioner: this.#partitioner,
        how,
        watermarks: { before, now: watermark },
        label: `${label}#${this.id}`,
      },
      'output',
    )
    return { version: { time, watermark: toJson(watermark) }, rdd }
  }

  /**
   * Partitions the records by key. If combining makes values fewer, it shuffles parts of windows instead of records.
   */
  #placed(rdd: Rdd<unknown>, before: number): Rdd<unknown> {
    const { how } = this.#options
    const byKey = new ChainRdd<[unknown, unknown]>(rdd, { op: 'map', fn: this.#place, label: this.label })
    const combines = how.kind === 'eventWindow' && (how.window.kind === 'fixed' || how.aggregator.mapSide)
    if (!combines) return partitionBy(byKey, this.#partitioner)
    const { window, allowedLateness, aggregator } = how
    const label = `${this.label}#${this.id}`
    const parts = new PartsRdd(byKey, { window, allowedLateness, aggregator, before, label })
    return partitionBy(parts, this.#partitioner)
  }
}

/** The times that the state depends on. Other options may change. */
function formOf(how: StateOperator): string {
  if (how.kind === 'eventWindow')
    return Object.entries(how.window)
      .map(([name, value]) => `${name}=${value}`)
      .join(' ')
  return how.kind === 'eventJoin' ? `lower=${how.lower} upper=${how.upper}` : how.kind
}

/** The records that were too late for the operator, as `[time, [key, value]]`. */
export class LateStream extends Stream<[number, [unknown, unknown]]> {
  constructor(parent: EventStateStream) {
    super(parent.graph, 'lateRecords', [parent], parent.slideDuration)
  }

  protected override compute(time: number): Rdd<[number, [unknown, unknown]]> | undefined {
    return (this.parents[0]!.getOrCompute(time) as StateRdd<unknown> | undefined)?.late<[number, [unknown, unknown]]>()
  }
}
