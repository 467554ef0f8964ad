import type { DStream, EventStream, EventWindow, KeyedWindowResult, WindowResult } from 'millrace'
import { same } from './equal.js'

declare const clicks: DStream<{ page: string; at: number }>
declare const pairs: DStream<[string, number]>

const events = clicks.withTimestamps((click) => click.at, { maxOutOfOrder: '5s', idleAfter: '1m' })
same<EventStream<{ page: string; at: number }>>()(events)
same<EventStream<Date>>()(({} as DStream<Date>).withTimestamps((date) => date))
// @ts-expect-error a time is a number or a Date
clicks.withTimestamps((click) => click.page)

// Element-wise operations keep the times; others are those of streams.
const byPage = events.keyBy((click) => click.page)
same<EventStream<string>>()(events.map((click) => click.page))
same<EventStream<{ page: string; at: number }>>()(events.filter((click) => click.at > 0))
same<EventStream<string>>()(events.flatMap((click) => [click.page]))
same<EventStream<[string, number]>>()(byPage.mapValues((click) => click.at))
same<DStream<[string, number]>>()(
  events
    .map((click) => click.page)
    .window('2s')
    .countByValue(),
)
same<DStream<[number, { page: string; at: number }]>>()(events.stamped())
same<EventStream<string | { page: string; at: number }>>()(events.union(events.map((click) => click.page)))

// Windows.
const counts = byPage.tumbling('1m', { allowedLateness: '1h' }).countByKey()
counts.map((result) => same<KeyedWindowResult<string, number>>()(result))
counts.map(({ window }) => same<EventWindow>()(window))
same<DStream<[time: number, record: [string, { page: string; at: number }]]>>()(counts.lateRecords())
events
  .sliding('10m', '1m')
  .count()
  .map((result) => same<WindowResult<number>>()(result))
events
  .session('30s')
  .aggregate(
    [] as string[],
    (list, click) => [...list, click.page],
    (a, b) => [...a, ...b],
  )
  .map((result) => same<WindowResult<string[]>>()(result))
events
  .map((click) => click.page)
  .tumbling('1m')
  .countByValue()
  .map((result) => same<KeyedWindowResult<string, number>>()(result))
byPage
  .session('30s')
  .groupByKey()
  .map((result) => same<KeyedWindowResult<string, { page: string; at: number }[]>>()(result))
// @ts-expect-error there are no keys
events.tumbling('1m').reduceByKey((a: number, b: number) => a + b)
const minutes = pairs.withTimestamps(([, at]) => at).tumbling('1m')
// @ts-expect-error the sum of two values is a value
minutes.reduceByKey((a, b) => `${a}${b}`)

// Joins.
const numbers = pairs.withTimestamps(([, at]) => at)
const texts = ({} as DStream<[string, string]>).withTimestamps(() => 0)
const bounds = { lower: '-1m', upper: 0 }
numbers.joinWithin(texts, bounds).map((pair) => same<[string, [number, string]]>()(pair))
numbers.leftOuterJoinWithin(texts, bounds).map((pair) => same<[string, [number, string | undefined]]>()(pair))
numbers.rightOuterJoinWithin(texts, bounds).map((pair) => same<[string, [number | undefined, string]]>()(pair))
numbers
  .fullOuterJoinWithin(texts, bounds)
  .map((pair) => same<[string, [number | undefined, string | undefined]]>()(pair))
same<DStream<[time: number, record: [string, number | string]]>>()(numbers.joinWithin(texts, bounds).lateRecords())
// @ts-expect-error the other side has no times
numbers.joinWithin(pairs, bounds)
const byNumber = ({} as DStream<[number, string]>).withTimestamps(() => 0)
// @ts-expect-error keys of other types never meet
numbers.joinWithin(byNumber, bounds)
// @ts-expect-error records without keys
events.joinWithin(texts, bounds)
