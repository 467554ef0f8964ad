import type { Context, DStream, RDD, StreamingContext } from 'millrace'
import { type SqlTable, sql } from 'millrace/sql'
import { z } from 'zod'
import type { Equal } from '../equal.js'

declare const ssc: StreamingContext
declare const ctx: Context
declare function is<T>(value: T): <U>(...proof: Equal<T, U> extends true ? [] : [T, U]) => void
interface Count {
  readonly word: string
  readonly n: number
}

const words = ctx.parallelize(['a'])
const stream = ssc.queueStream([['a']])

// Rows are objects of unknown values, unless the call names their type.
is(words.sql('from batch'))<RDD<Record<string, unknown>>>()
is(words.sql<Count>('from batch'))<RDD<Count>>()
is(stream.sql<Count>('from batch'))<DStream<Count>>()

// One stream among the tables makes the result a stream.
is(sql<Count>('from words', { words }))<RDD<Count>>()
is(sql<Count>('from words', { words: words.toTable({ value: 'VARCHAR' }) }))<RDD<Count>>()
is(sql<Count>('from words', { words, stream }))<DStream<Count>>()
is(sql<Count>('from stream', { stream: stream.toTable({ value: ['VARCHAR'] }) }))<DStream<Count>>()
is(stream.toTable({ value: { x: 'BIGINT' } }))<SqlTable<DStream<string>>>()

// A schema that describes itself has the types of columns, and the second argument the others.
is(stream.toTable(z.object({ value: z.string() })))<SqlTable<DStream<string>>>()
is(words.toTable(z.object({ value: z.date() }), { value: 'TIMESTAMP' }))<SqlTable<RDD<string>>>()

// @ts-expect-error There is no such type.
words.toTable({ value: 'TEXT' })
// @ts-expect-error A list is no table.
sql('from words', { words: ['a'] })
// @ts-expect-error Rows are objects.
words.sql<number>('from batch')
