import { builtin, defineBuiltin } from '../../functions/builtin.js'
import type { FnRef } from '../../functions/ref.js'
import { asPair } from '../../pair.js'
import type { Partitioner } from '../../partitioner.js'
import type { Observation, StateOperator } from '../../plan.js'
import { type Partitions, toPartitioner } from '../../rdd/by-key.js'
import { ChainRdd } from '../../rdd/chain.js'
import { face, type Rdd } from '../../rdd/rdd.js'
import { StateRdd } from '../../rdd/state.js'
import { capturedBy, Stream } from '../dstream.js'
import { type MadeVersion, StatefulStream, type Version } from '../stateful.js'
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
  /** Where the records are put: `[time, record]` becomes `[key, [time, value]]`. */
  readonly place: 'timedByPair' | 'timedByValue' | 'timedTogether'
  readonly partitions: Partitions | undefined
}

defineBuiltin('timedByPair', () => ([time, record]: [number, unknown]) => {
  const [key, value] = asPair(record)
  return [key, [time, value]]
})
defineBuiltin('timedByValue', () => ([time, value]: [number, unknown]) => [value, [time, 1]])
defineBuiltin('timedTogether', () => (timed: [number, unknown]) => [null, timed])

/** A version of state by event time; `watermark` is null where nothing was known of event time. */
interface EventVersion extends Version {
  readonly watermark: number | null
}

/**
 * State by key and event time. Each version is made with two watermarks: that of its batch, which says what is complete
 * now, and that of the version before, which says what was dealt with already and is late. So records that an operator
 * before this one gives as the watermark passes them are not late here, in however long a row.
 */
export class EventStateStream extends StatefulStream<[number, unknown], EventVersion> implements EventTimeStream {
  readonly watermarks: LeastWatermarks
  readonly #options: EventStateOptions
  readonly #place: FnRef
  readonly #partitioner: Partitioner
  readonly #observations = new Observations()

  constructor(inputs: readonly EventInputOf[], options: EventStateOptions) {
    const parents = inputs.map(({ timed }) => timed)
    checkSlides(parents, options.label)
    const { builder, slideDuration } = parents[0]!
    super(builder, options.label, parents, slideDuration)
    this.watermarks = new LeastWatermarks(inputs.map(({ watermarks }) => watermarks))
    this.#options = options
    this.#place = capturedBy(this, builtin(options.place), options.label)
    this.#partitioner = toPartitioner(builder.context.emptyRDD(), options.partitions)
    builder.eventTime.set(this.id, this)
  }

  override get shape(): string {
    return `partitions=${this.#partitioner.partitions}`
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
  ): MadeVersion<[number, unknown], EventVersion> | undefined {
    const { how, label } = this.#options
    const arrived = this.parents.map((parent) => parent.getOrCompute(time))
    if (!previous && arrived.every((rdd) => rdd === undefined)) return undefined
    const { watermark } = this.watermarks.at(time)
    const before = fromJson(previous?.watermark ?? null)
    this.#observations.expect(time)
    const rdd = new StateRdd<[number, unknown]>(
      this.builder.context,
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

  /** Where the keys belong. Of windows whose values become fewer when they are combined, parts travel instead of records. */
  #placed(rdd: Rdd<unknown>, before: number): Rdd<unknown> {
    const { how } = this.#options
    const byKey = new ChainRdd<[unknown, unknown]>(rdd, { op: 'map', fn: this.#place, label: this.label })
    const combines = how.kind === 'eventWindow' && (how.window.kind === 'fixed' || how.aggregator.mapSide)
    if (!combines) return face(byKey).partitionBy(this.#partitioner)
    const { window, allowedLateness, aggregator } = how
    const label = `${this.label}#${this.id}`
    const parts = new PartsRdd(byKey, { window, allowedLateness, aggregator, before, label })
    return face(parts).partitionBy(this.#partitioner)
  }
}

/** The records that came too late for the operator, as `[time, [key, value]]`. */
export class LateStream extends Stream<[number, [unknown, unknown]]> {
  constructor(parent: EventStateStream) {
    super(parent.builder, 'lateRecords', [parent], parent.slideDuration)
  }

  protected override compute(time: number): Rdd<[number, [unknown, unknown]]> | undefined {
    return (this.parents[0]!.getOrCompute(time) as StateRdd<unknown> | undefined)?.late<[number, [unknown, unknown]]>()
  }
}
