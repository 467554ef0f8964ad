import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api'
import { SqlError } from '../../errors.js'
import { messageOf } from '../../values/message-of.js'

export type DuckDB = typeof import('@duckdb/node-api')

let loaded: Promise<DuckDB> | undefined

/** @throws SqlError (rejects) if the package cannot be loaded. */
export function loadDuckDB(): Promise<DuckDB> {
  loaded ??= import('@duckdb/node-api').catch((cause: unknown) => {
    loaded = undefined
    throw new SqlError(
      `The package '@duckdb/node-api' cannot be loaded: ${messageOf(cause)}. Install it for this platform: npm install @duckdb/node-api (version 1).`,
      { cause, details: { package: '@duckdb/node-api', final: true } },
    )
  })
  return loaded
}

/**
 * The limits of every query. One thread, so that rows have the same order in each run; the threads of Millrace run
 * queries side by side. No files, network, extensions or spilling, and no query can change that.
 */
const CONFIG = {
  threads: '1',
  preserve_insertion_order: 'true',
  temp_directory: '',
  autoinstall_known_extensions: 'false',
  autoload_known_extensions: 'false',
  allow_community_extensions: 'false',
  enable_external_access: 'false',
}

/** The databases by memory limit. A database has no tables: those of a query belong to its connection. */
const instances = new Map<number, Promise<DuckDBInstance>>()

export async function connect(duckdb: DuckDB, memoryLimit: number): Promise<DuckDBConnection> {
  let opening = instances.get(memoryLimit)
  if (!opening) {
    opening = open(duckdb, memoryLimit)
    instances.set(memoryLimit, opening)
    opening.catch(() => instances.delete(memoryLimit))
  }
  return await (await opening).connect()
}

/** Forgets a database that an internal error made unusable. */
export function discard(memoryLimit: number): void {
  instances.delete(memoryLimit)
}

async function open(duckdb: DuckDB, memoryLimit: number): Promise<DuckDBInstance> {
  const instance = await duckdb.DuckDBInstance.create(':memory:', { ...CONFIG, memory_limit: `${memoryLimit}B` })
  const connection = await instance.connect()
  try {
    await refuseVolatile(connection)
    // Times mean the same on every machine.
    await connection.run("SET GLOBAL TimeZone = 'UTC'")
    await connection.run('SET GLOBAL errors_as_json = true')
    await connection.run('SET GLOBAL lock_configuration = true')
  } finally {
    connection.closeSync()
  }
  return instance
}

/** Functions whose result differs on each run. DuckDB lists some of them as constant. */
const VOLATILE = `SELECT DISTINCT function_name AS name, len(parameters) AS parameters FROM duckdb_functions()
  WHERE function_type = 'scalar' AND (stability <> 'CONSISTENT' OR function_name IN ('current_localtime', 'current_localtimestamp'))
  AND function_name NOT IN ('error', 'current_database', 'current_schema', 'current_schemas', 'in_search_path', 'stats')`

/** Replaces these functions: rows that are computed again must be the same. */
async function refuseVolatile(connection: DuckDBConnection): Promise<void> {
  const functions = (await connection.runAndReadAll(VOLATILE)).getRowObjects()
  for (const { name, parameters } of functions) {
    const list = Array.from({ length: Number(parameters) }, (_, i) => `p${i}`).join(', ')
    const reason = `${name}() differs on each run, and rows that are computed again must be the same. Pass its value as a parameter.`
    await connection.run(`CREATE MACRO "${name}"(${list}) AS error('${reason}')`)
  }
}
