import type { Context, DStream, RDD, StreamingContext } from 'millrace'
import { type KafkaOptions, type KafkaRecord, kafkaSource } from 'millrace/kafka'
import type { Equal } from './equal.js'

declare const ssc: StreamingContext
declare const ctx: Context
declare function is<T>(value: T): <U>(...proof: Equal<T, U> extends true ? [] : [T, U]) => void
interface Order {
  readonly amount: number
}

// A source knows the type of its records.
const at = { brokers: 'localhost:9092', topics: 'orders' } as const
is(ssc.input(kafkaSource(at)))<DStream<string>>()
is(ssc.input(kafkaSource({ ...at, value: 'bytes' })))<DStream<Uint8Array>>()
is(ssc.input(kafkaSource({ ...at, keys: 'text' })))<DStream<[key: string | null, value: string | null]>>()
is(ssc.input(kafkaSource({ ...at, headers: true })))<DStream<KafkaRecord>>()
is(ctx.input(kafkaSource(at)))<Promise<RDD<string>>>()

// JSON may be anything: the call says what it is.
is(ssc.input(kafkaSource({ ...at, value: 'json' })))<DStream<unknown>>()
is(ssc.input<Order>(kafkaSource({ ...at, value: 'json' })))<DStream<Order>>()

// @ts-expect-error A text is no number.
ssc.input<number>(kafkaSource(at))

declare const options: KafkaOptions
ssc.input<string>(kafkaSource(options))
