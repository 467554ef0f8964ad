import { spawnSync } from 'node:child_process'
import { chownSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'
import { postgresPrograms } from './install.mjs'
import { freePort } from './ports.js'
import { Service } from './service.js'

/** The server refuses to run as root: there it runs as the user that its package made. */
function asUser(): { command: string; args: string[]; uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return { command: '', args: [] }
  const id = (flag: string) => Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout)
  const args = ['--reuid=postgres', '--regid=postgres', '--init-groups']
  return { command: 'setpriv', args, uid: id('-u'), gid: id('-g') }
}

/** A PostgreSQL server on loopback, with an empty database. User postgres, no password. */
export class PostgresService {
  readonly port: number
  readonly #folder: string
  #service: Service | undefined

  private constructor(folder: string, port: number) {
    this.#folder = folder
    this.port = port
  }

  static async start(): Promise<PostgresService> {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-postgres-'))
    const { command, args, uid, gid } = asUser()
    if (uid !== undefined && gid !== undefined) chownSync(folder, uid, gid)
    const initdb = [join(postgresPrograms()!, 'initdb'), '-D', join(folder, 'data'), '-A', 'trust', '-U', 'postgres']
    const [program = '', ...rest] = [command, ...args, ...initdb, '-N', '--no-locale', '-E', 'UTF8'].filter(Boolean)
    const { status, stderr } = spawnSync(program, rest, { cwd: folder, encoding: 'utf8' })
    if (status !== 0) throw new Error(`initdb ended with ${status}: ${stderr}`)
    const postgres = new PostgresService(folder, await freePort())
    await postgres.restart()
    return postgres
  }

  get url(): string {
    return `postgres://postgres@127.0.0.1:${this.port}/postgres`
  }

  async restart(): Promise<void> {
    const { command, args } = asUser()
    const server = [join(postgresPrograms()!, 'postgres'), '-D', join(this.#folder, 'data'), '-p', String(this.port)]
    const settings = [
      '-h',
      '127.0.0.1',
      '-k',
      this.#folder,
      '-c',
      'fsync=off',
      '-c',
      'shared_buffers=32MB',
      '-c',
      'wal_level=logical',
      '-c',
      'max_replication_slots=50',
    ]
    const [program = '', ...rest] = [command, ...args, ...server, ...settings].filter(Boolean)
    this.#service = await Service.start(program, rest, this.port, join(tmpdir(), `millrace-postgres-${this.port}.log`))
    // After its port opens a server may still recover its log.
    const ask = [join(postgresPrograms()!, 'pg_isready'), '-h', '127.0.0.1', '-p', String(this.port)] as const
    const until = Date.now() + 280_000
    while (spawnSync(ask[0], ask.slice(1)).status !== 0) {
      if (Date.now() > until) throw new Error(`PostgreSQL at port ${this.port} is not ready after 280 s.`)
      await wait(50)
    }
  }

  /** Returns the rows of a query. Each query has a connection of its own: one that lives longer would not survive restarts. */
  async query(text: string): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({ connectionString: this.url })
    await client.connect()
    try {
      return (await client.query(text)).rows
    } finally {
      await client.end()
    }
  }

  /** Runs a statement by psql, and returns what it prints: rows as lines, their fields with | between. */
  psql(statement: string): string {
    const psql = join(postgresPrograms()!, 'psql')
    const { status, stdout, stderr } = spawnSync(psql, [this.url, '-XAtc', statement], { encoding: 'utf8' })
    if (status !== 0) throw new Error(`psql ended with ${status}: ${stderr}`)
    return stdout
  }

  /** SIGINT ends sessions and stops; SIGQUIT stops at once, as a crash does. */
  async stop(signal: NodeJS.Signals = 'SIGINT'): Promise<void> {
    await this.#service?.stop(signal)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop()
    rmSync(this.#folder, { recursive: true, force: true })
    rmSync(join(tmpdir(), `millrace-postgres-${this.port}.log`), { force: true })
  }
}
