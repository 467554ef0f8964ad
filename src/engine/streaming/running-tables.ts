import { ArgumentError, CallTimeoutError, DataError, StateError } from '../../errors.js'
import type { Stream } from '../../ops/dstream/dstream.js'
import type { StreamGraph } from '../../ops/dstream/graph.js'
import { KeyedStateStream } from '../../ops/dstream/keyed-state.js'
import { newestRemembered } from '../../ops/dstream/newest-remembered.js'
import { WindowStateStream } from '../../ops/dstream/window-state.js'
import { WindowedStream } from '../../ops/dstream/windowed-stream.js'
import { facade } from '../../ops/rdd/facade.js'
import type { Rdd } from '../../ops/rdd/rdd.js'
import type { StateRdd } from '../../ops/rdd/state.js'
import { describe } from '../../values/describe.js'
import { toJson } from '../../values/json.js'
import type { Context } from '../context.js'
import { countWithin, MOST_BYTES, MOST_RECORDS, type NewestBatch, type NewestOutputs } from './newest-outputs.js'
import { loadQueries } from './table-queries.js'
import type { QueryResult, TableHead, TableInfo, TableReader } from './table-reader.js'

/** Ms after which a read and a query end. */
const LONGEST_MS = 10_000
/** Ms in which the database of a query must start: a busy machine may take longer for that than the query may. */
const LONGEST_START_MS = 60_000
/** The most records that `read` returns, and the most characters of the JSON of its records, or of the rows of a query. */
const MOST_SHOWN = 1000
const LONGEST_ANSWER = 4 * 1024 * 1024

/** A table, and the stream that keeps it if it is state or a window. */
interface FoundTable {
  readonly info: TableInfo
  readonly stream?: Stream<unknown>
}

/** The newest data of running streams as tables: batches of named outputs, keyed state, windows. */
export class RunningTables implements TableReader {
  readonly #context: Context
  readonly #graph: StreamGraph
  readonly #outputs: NewestOutputs

  constructor(context: Context, graph: StreamGraph, outputs: NewestOutputs) {
    this.#context = context
    this.#graph = graph
    this.#outputs = outputs
  }

  async keep(): Promise<void> {
    this.#outputs.keep()
  }

  async list(): Promise<readonly TableInfo[]> {
    return this.#tables().map(({ info }) => info)
  }

  async read(table: string, limit: number): Promise<TableHead> {
    const wanted = Math.min(Math.max(0, Math.floor(limit)), MOST_SHOWN)
    const found = this.#find(table)
    const { time, records, more } = await reading((signal) => this.#newest(found, wanted, signal))
    const lines = records.slice(0, wanted).map(toJson)
    const shown = linesWithin(lines)
    return { table, of: found.info.of, time, records: shown, more: more || shown.length < records.length }
  }

  async query(text: string): Promise<QueryResult> {
    const start = await loadQueries()
    const query = await within(
      LONGEST_START_MS,
      'Starting the process of DuckDB',
      'Query again when the machine is less busy',
      (signal) => start(text, signal),
    )
    const rows = await reading(async (signal) => {
      const tables = []
      for (const found of this.#namedBy(text)) {
        const { table } = found.info
        const { records, more } = await this.#newest(found, MOST_RECORDS, signal)
        if (more) throw tooLarge(table)
        tables.push({ name: table, records })
      }
      return await query.run(tables, signal)
    }).finally(() => query.close())
    const lines = rows.map(toJson)
    if (linesWithin(lines).length < lines.length)
      throw new DataError(
        `The result has more than ${LONGEST_ANSWER} characters as JSON. Select fewer columns, or limit the rows in the query.`,
      )
    return { rows: lines }
  }

  /** The tables whose name occurs in a query, apart from case: others are not read. */
  #namedBy(text: string): readonly FoundTable[] {
    const lower = typeof text === 'string' ? text.toLowerCase().replaceAll('""', '"') : ''
    return this.#tables().filter(({ info }) => lower.includes(info.table.toLowerCase()) && info.time !== undefined)
  }

  #find(table: string): FoundTable {
    const tables = this.#tables()
    const found = tables.find(({ info }) => info.table === table)
    if (!found) {
      const known = tables.map(({ info }) => describe(info.table)).join(', ')
      throw new ArgumentError(`There is no table ${describe(table)}. Tables of the streams: ${known || 'none'}.`, {
        table,
      })
    }
    if (found.info.time === undefined)
      throw new StateError(`The table ${describe(table)} has no data yet. Read it after its first batch.`, { table })
    return found
  }

  #tables(): readonly FoundTable[] {
    const outputs = [...this.#graph.outputNames].map((table): FoundTable => {
      return { info: { table, of: 'output', time: this.#outputs.get(table)?.time } }
    })
    return [...outputs, ...this.#kept()]
  }

  /** State and windows of the graph by table, without those whose name an output or an earlier one has. */
  #kept(): readonly FoundTable[] {
    const { streams, uids, outputNames, frozen } = this.#graph
    if (!frozen) return []
    const taken = new Set([...outputNames].map((name) => name.toLowerCase()))
    return streams.flatMap((node) => {
      const of = kindOf(node)
      const uid = uids.get(node)
      if (!of || uid === undefined) return []
      const table = `${of}_${uid}`
      if (taken.has(table.toLowerCase())) return []
      taken.add(table.toLowerCase())
      const stream = node as Stream<unknown>
      return [{ stream, info: { table, of, uid, time: newestTime(stream) } }]
    })
  }

  /** Returns the first records of a table, with one job on the partitions that have them, except for an output. */
  async #newest({ info, stream }: FoundTable, limit: number, signal: AbortSignal): Promise<NewestBatch> {
    if (!stream) {
      const { time, records, more } = this.#outputs.get(info.table)!
      return { time, records: records.slice(0, limit), more: more || records.length > limit }
    }
    // A batch may have completed since the table was found.
    const time = newestTime(stream)!
    const dataset = stream.getOrCompute(time)!
    const rdd = info.of === 'state' ? (dataset as StateRdd<unknown>).entries<unknown>() : dataset
    const records = await this.#context.withSignal(signal, () => facade(rdd as Rdd<unknown>).take(limit + 1))
    const count = Math.min(countWithin(records), limit)
    return { time, records: records.slice(0, count), more: count < records.length }
  }
}

function reading<R>(work: (signal: AbortSignal) => Promise<R>): Promise<R> {
  return within(LONGEST_MS, 'Reading the tables', 'Read fewer records, or filter earlier in the query', work)
}

/** Calls `work` with a signal for its time. @throws CallTimeoutError (rejects) if it takes longer. */
async function within<R>(
  timeout: number,
  what: string,
  advice: string,
  work: (signal: AbortSignal) => Promise<R>,
): Promise<R> {
  const signal = AbortSignal.timeout(timeout)
  try {
    return await work(signal)
  } catch (error) {
    if (!signal.aborted) throw error
    throw new CallTimeoutError(`${what} took longer than ${timeout} ms. ${advice}.`, { timeout })
  }
}

function kindOf(stream: unknown): 'state' | 'window' | undefined {
  if (stream instanceof KeyedStateStream) return 'state'
  return stream instanceof WindowedStream || stream instanceof WindowStateStream ? 'window' : undefined
}

function newestTime(stream: Stream<unknown>): number | undefined {
  return stream.newestVersion ?? newestRemembered(stream)
}

/** Returns the first lines within the bound of an answer. */
function linesWithin(lines: readonly string[]): readonly string[] {
  let length = 0
  const end = lines.findIndex((line) => {
    length += line.length
    return length > LONGEST_ANSWER
  })
  return end < 0 ? lines : lines.slice(0, end)
}

function tooLarge(table: string): DataError {
  return new DataError(
    `The table ${describe(table)} has more than ${MOST_RECORDS} records or ${MOST_BYTES} bytes, which a query of running streams does not read. Query it in the pipeline, with stream.sql, or look up single keys of state.`,
    { table },
  )
}
