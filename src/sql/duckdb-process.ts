import { type ChildProcess, fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { DataError, SqlError } from '../errors.js'
import { PACKAGE_ROOT } from '../package-root.js'
import { decodeError } from '../pool/error-wire.js'
import { isData } from '../values/data.js'
import { faultOf } from '../values/fault.js'
import type { FromProcess, ToProcess } from './process/messages.js'
import type { Query } from './query.js'
import type { QueryRunner, Tables } from './run-query.js'

/** Records of a message. */
const PIECE = 10_000
/** Variables that the process inherits; others may hold secrets. */
const INHERITED = ['PATH', 'SYSTEMROOT', 'TMPDIR', 'LD_LIBRARY_PATH']

/** Runs one query at a time in a process, which ends with this thread. */
export class DuckDBProcess {
  readonly #child: ChildProcess

  constructor() {
    const known = INHERITED.filter((name) => name in process.env)
    this.#child = fork(fileURLToPath(new URL('sql/process/entry.js', PACKAGE_ROOT)), {
      serialization: 'advanced',
      execArgv: [],
      env: Object.fromEntries(known.map((name) => [name, process.env[name]])),
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    // Events without a query: the next query finds out.
    this.#child.on('error', () => undefined)
  }

  get isAlive(): boolean {
    return this.#child.connected && !this.#child.killed
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  /** Resolves with the rows. Rejects with the query's error, or if the process ends. */
  async run(query: Query, tables: Tables): Promise<readonly object[]> {
    return await this.#ask(() => this.#send(query, tables))
  }

  /** Resolves when DuckDB is loaded and its database is open. Rejects if it cannot be loaded, or the process ends. */
  async open(memoryLimit: number): Promise<void> {
    await this.#ask(() => this.#post({ kind: 'open', memoryLimit }))
  }

  async #ask(send: () => Promise<void>): Promise<readonly object[]> {
    const ended = this.#ended()
    const answer = this.#answer()
    this.#child.ref()
    this.#child.channel?.ref()
    try {
      await Promise.race([send(), ended.promise])
      return await Promise.race([answer.promise, ended.promise])
    } finally {
      answer.forget()
      ended.forget()
      // The thread ends without waiting for an idle process.
      this.#child.unref()
      this.#child.channel?.unref()
    }
  }

  async #send(query: Query, tables: Tables): Promise<void> {
    try {
      for (const [table, records] of tables.entries()) {
        for (let from = 0; from < records.length; from += PIECE)
          await this.#post({ kind: 'records', table, records: records.slice(from, from + PIECE) })
      }
      await this.#post({ kind: 'run', query })
    } catch (error) {
      // The process has some of the records: its next query would read them too.
      this.kill()
      throw badRecord(query, tables) ?? error
    }
  }

  #post(message: ToProcess): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#child.send(message, (error) => (error ? reject(endedError(error.message)) : resolve()))
    })
  }

  #answer() {
    const rows: object[] = []
    let receive: (message: FromProcess) => void
    const promise = new Promise<readonly object[]>((resolve, reject) => {
      receive = (message) => {
        if (message.kind === 'done') resolve(rows)
        else if (message.kind === 'failed') reject(decodeError(message.error))
        else for (const row of message.rows) rows.push(row)
      }
    })
    this.#child.on('message', receive!)
    return { promise, forget: () => this.#child.off('message', receive) }
  }

  #ended() {
    let exit: (code: number | null, signal: string | null) => void
    let fail: (error: Error) => void
    const promise = new Promise<never>((_, reject) => {
      exit = (code, signal) => reject(endedError(signal ? `by ${signal}` : `with code ${code}`))
      fail = (error) => reject(endedError(`before it started: ${error.message}`))
    })
    // One that is not awaited any more is no error.
    promise.catch(() => undefined)
    this.#child.on('exit', exit!).on('error', fail!)
    return { promise, forget: () => this.#child.off('exit', exit).off('error', fail) }
  }
}

/** Returns the error for the first record that another process cannot have, such as one with a function. */
function badRecord(query: Query, tables: Tables): DataError | undefined {
  for (const [table, records] of tables.entries()) {
    const index = records.findIndex((record) => !isData(record))
    if (index < 0) continue
    const { path, what, advice } = faultOf(records[index], `${query.tables[table]!.name}[${index}]`)
    return new DataError(`${path} ${what}, which SQL does not have. ${advice}.`, { path })
  }
  return undefined
}

function endedError(how: string): SqlError {
  return new SqlError(
    `The process of DuckDB ended ${how}. If the system ended it for its memory, filter or aggregate earlier in the query.`,
    { details: { kind: 'Process' } },
  )
}

/** The process of this thread that has no query. */
let idle: DuckDBProcess | undefined

/** Returns a process for one query. The caller must release it. */
export function takeProcess(): DuckDBProcess {
  const taken = idle?.isAlive ? idle : new DuckDBProcess()
  idle = undefined
  return taken
}

/** Keeps the process for the next query, or ends it if there is one already. */
export function releaseProcess(taken: DuckDBProcess): void {
  if (idle?.isAlive) taken.kill()
  else idle = taken
}

/** Ends the process if `signal` aborts before `work` has ended. */
export async function untilAborted<R>(taken: DuckDBProcess, signal: AbortSignal, work: () => Promise<R>): Promise<R> {
  const kill = () => taken.kill()
  signal.addEventListener('abort', kill)
  try {
    signal.throwIfAborted()
    return await work()
  } finally {
    signal.removeEventListener('abort', kill)
    if (signal.aborted) taken.kill()
  }
}

export const runner: QueryRunner = {
  async run(query, tables, signal) {
    const mine = takeProcess()
    try {
      return await untilAborted(mine, signal, () => mine.run(query, tables))
    } finally {
      releaseProcess(mine)
    }
  },
}
