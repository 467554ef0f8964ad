import {
  type DeadRecord,
  type DStream,
  definePipeline,
  type KeyState,
  type PipelineDefinition,
  type PushStream,
  type RDD,
  StateSpec,
  type StreamingContext,
} from 'millrace'
import { same } from './equal.js'

declare const ssc: StreamingContext
declare const numbers: DStream<number>
declare const texts: DStream<string>
declare const pairs: DStream<[string, number]>
declare const users: DStream<[string, { name: string }]>

// Sources.
same<DStream<string>>()(ssc.socketTextStream('127.0.0.1', 9999))
same<DStream<string>>()(ssc.httpTextStream('http://127.0.0.1/'))
same<DStream<string>>()(ssc.textFileStream('directory'))
same<DStream<number>>()(ssc.queueStream([[1], null, undefined, []]))
same<DStream<Date>>()(ssc.queueStream<Date>([]))
same<DStream<number>>()(ssc.fromIterable([1, 2]))
same<PushStream<string>>()(ssc.pushStream<string>('in'))

// Element-wise.
same<DStream<string>>()(numbers.map((x) => String(x)))
same<DStream<string>>()(texts.flatMap((line) => line.split(' ')))
same<DStream<string>>()((numbers as DStream<number | string>).filter((x): x is string => typeof x === 'string'))
same<DStream<number>>()(texts.mapPartitions((lines) => [[...lines].length]))

// Records that are given up are a stream only where they are kept.
const LETTER = { onRecordError: 'dead-letter' } as const
same<DStream<DeadRecord<string>>>()(texts.map((line) => JSON.parse(line) as number, LETTER).deadLetters())
same<DStream<DeadRecord<string>>>()(texts.mapAsync(async (line) => line.length, LETTER).deadLetters())
same<DStream<DeadRecord<[string, number]>>>()(pairs.mapValues((v) => v + 1, LETTER).deadLetters())
texts.map((line) => line, LETTER).reduce((a, b) => a + b)
// @ts-expect-error they are skipped
texts.map((line) => line, { onRecordError: 'skip' }).deadLetters()
// @ts-expect-error it fails
texts.map((line) => line).deadLetters()

// By key.
const literal = texts.map((word) => [word, 1] as const)
same<DStream<readonly [string, 1]>>()(literal)
literal.groupByKey()
same<DStream<[string, number]>>()(pairs.reduceByKey((a, b) => a + b))
same<DStream<[string, number[]]>>()(pairs.groupByKey(3))
same<DStream<[string, boolean]>>()(pairs.mapValues((v) => v > 1))
same<DStream<[string, string]>>()(pairs.flatMapValues((v) => [`${v}`]))
same<DStream<[string, number]>>()(texts.countByValue())
same<DStream<number>>()(texts.count())
same<DStream<number>>()(numbers.reduce((a, b) => a + b))
same<DStream<string>>()(texts.repartition(3))
// @ts-expect-error numbers have no keys
numbers.reduceByKey((a: number, b: number) => a + b)
// @ts-expect-error nor have arrays of any length
numbers.map((x) => [x, x]).groupByKey()
// @ts-expect-error the sum of two values is a value
pairs.reduceByKey((a, b) => `${a}${b}`)

// Joins.
same<DStream<[string, [number, { name: string }]]>>()(pairs.join(users))
same<DStream<[string, [number, { name: string } | undefined]]>>()(pairs.leftOuterJoin(users))
same<DStream<[string, [number | undefined, { name: string }]]>>()(pairs.rightOuterJoin(users))
same<DStream<[string, [number | undefined, { name: string } | undefined]]>>()(pairs.fullOuterJoin(users))
declare const byNumber: DStream<[number, string]>
// @ts-expect-error keys of other types never meet
pairs.join(byNumber)
// @ts-expect-error what is no pair has nothing to join by
pairs.leftOuterJoin(numbers)

// Windows.
same<DStream<string>>()(texts.window('2s', 1000))
same<DStream<number>>()(texts.countByWindow('2s'))
same<DStream<[string, number]>>()(texts.countByValueAndWindow('2s', '1s', 4))
same<DStream<number>>()(numbers.reduceByWindow((a, b) => a + b, '2s', '1s', { inverse: (a, b) => a - b }))
same<DStream<[string, number[]]>>()(pairs.groupByKeyAndWindow('2s'))
same<DStream<[string, number]>>()(
  pairs.reduceByKeyAndWindow((a, b) => a + b, '2s', '1s', {
    inverse: (a, b) => a - b,
    filter: ([key, n]) => key !== '' && n > 0,
    partitions: 2,
  }),
)
// @ts-expect-error numbers have no keys
numbers.groupByKeyAndWindow('2s')
// @ts-expect-error the inverse answers with a value
pairs.reduceByKeyAndWindow((a, b) => a + b, '2s', '1s', { inverse: () => 'a' })

// State.
same<DStream<[string, { n: number }]>>()(
  pairs.updateStateByKey<{ n: number }>((values, state) => ({ n: values.length + (state?.n ?? 0) })),
)
same<DStream<[string, number]>>()(
  pairs.updateStateByKey<number>(
    (time, key, values, state) => (key === '' ? undefined : time + values.length + (state ?? 0)),
    { form: 'time' },
  ),
)
const spec = StateSpec.function(
  (key: string, value: number | undefined, state: KeyState<number>) => `${key}${value}${state.getOption()}`,
)
same<StateSpec<string, number, number, string>>()(spec)
same<DStream<[string, number]>>()(pairs.mapWithState(spec).stateSnapshots())
const upper: DStream<string> = pairs.mapWithState(spec).map((s) => s.toUpperCase())
// @ts-expect-error the specification is for values that are numbers
users.mapWithState(spec)

// Whole streams and outputs.
same<DStream<number | string>>()(numbers.union(texts))
same<DStream<[string, number]>>()(texts.transform((rdd, time) => rdd.map((s): [string, number] => [s, time])))
pairs.foreachRDD((rdd, time) => {
  same<RDD<[string, number]>>()(rdd)
  same<number>()(time)
})
same<DStream<[string, number]>>()(pairs.persist().cache())
for await (const batch of ssc.output<string>('name')) same<string[]>()(batch.records)

// Pipeline modules.
const pipeline = definePipeline<{ port: number }>((builder, { port }) => {
  builder.socketTextStream('127.0.0.1', port).print()
})
same<PipelineDefinition<{ port: number }>>()(pipeline)

export { upper }
