import { SqlError } from '../errors.js'
import { defineBuiltin } from '../ops/functions/builtin.js'
import type { AsyncCall } from '../ops/rdd/map-async.js'
import { PACKAGE_ROOT } from '../package-root.js'
import { ExportLoader } from '../pool/export-loader.js'
import type { Query } from './query.js'

/** Runs queries for a thread, which loads it with its first query. */
export interface QueryRunner {
  /** Resolves with the rows. `tables` are the records of the query's tables, in order. */
  run(query: Query, tables: Tables, signal: AbortSignal): Promise<readonly object[]>
}

export type Tables = readonly (readonly unknown[])[]

const runners = new ExportLoader<QueryRunner>('query runner', 'run', 'run(query, tables, signal)', SqlError)

defineBuiltin(
  'runQuery',
  (query: Query) =>
    async ([tables]: readonly Tables[], _partition: number, { signal }: AsyncCall) => {
      const module = new URL('sql/duckdb-process.js', PACKAGE_ROOT).href
      return await (await runners.load({ module, export: 'runner' })).run(query, tables!, signal)
    },
  'later',
)
defineBuiltin('asTables', () => (_partition: number, ...tables: Tables) => [tables])
