/*
 * A process that runs queries of DuckDB for one thread. DuckDB is native code: it aborts its process if its thread is
 * terminated in a call, and nothing can interrupt it while it builds one large value. So it has a process of its own,
 * which ends with the thread, and which the thread may kill.
 */
import { encodeError } from '../../pool/error-wire.js'
import { connect, loadDuckDB } from './duckdb.js'
import type { FromProcess, ToProcess } from './messages.js'
import { runQuery } from './query.js'

/** Rows of a message. */
const PIECE = 10_000

/** The records that have arrived for the next query, by table. */
let tables: unknown[][] = []

process.on('message', (message: ToProcess) => {
  if (message.kind === 'records') {
    const records = (tables[message.table] ??= [])
    for (const record of message.records) records.push(record)
    return
  }
  answer(message).then(
    (rows) => {
      for (let from = 0; from < rows.length; from += PIECE) send({ kind: 'rows', rows: rows.slice(from, from + PIECE) })
      send({ kind: 'done' })
    },
    (error: unknown) => send({ kind: 'failed', error: encodeError(error) }),
  )
})

async function answer(message: Exclude<ToProcess, { kind: 'records' }>): Promise<readonly object[]> {
  if (message.kind === 'open') {
    const connection = await connect(await loadDuckDB(), message.memoryLimit)
    connection.closeSync()
    return []
  }
  const records = message.query.tables.map((_, i) => tables[i] ?? [])
  tables = []
  return await runQuery(message.query, records)
}

// The thread has ended. A query may be running, so the process cannot exit in an orderly way.
process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'))

function send(message: FromProcess): void {
  process.send!(message)
}
