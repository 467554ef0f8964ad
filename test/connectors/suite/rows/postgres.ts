import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import type { StreamingContext } from 'millrace'
import {
  type PostgresChangesOptions,
  type PostgresSinkOptions,
  type PostgresTableOptions,
  postgresChangesSource,
  postgresSink,
  postgresTableSource,
} from 'millrace/postgres'
import { PostgresService } from '../../../services/postgres.js'
import { untilMatches } from '../example.js'
import {
  type ConnectorRow,
  notApplicable,
  PATIENT,
  SECRET,
  type SinkRow,
  type SourceRow,
  type TestServer,
} from '../row.js'

interface Place {
  readonly url: string
  readonly table: string
}

class PostgresServer implements TestServer {
  readonly #postgres: PostgresService
  #tables = 0

  private constructor(postgres: PostgresService) {
    this.#postgres = postgres
  }

  static async start(): Promise<PostgresServer> {
    return new PostgresServer(await PostgresService.start())
  }

  get url(): string {
    return this.#postgres.url
  }

  query(text: string): Promise<readonly Record<string, unknown>[]> {
    return this.#postgres.query(text)
  }

  async newTable(): Promise<Place> {
    const table = `table_${++this.#tables}`
    await this.query(`CREATE TABLE ${table} (id bigint NOT NULL)`)
    return { url: this.url, table }
  }

  /** A table whose changes are published, and kept in a slot of the same name. */
  async newPublishedTable(): Promise<Place> {
    const place = await this.newTable()
    await this.query(`CREATE PUBLICATION ${place.table} FOR TABLE ${place.table}`)
    await this.query(`SELECT pg_create_logical_replication_slot('${place.table}', 'pgoutput')`)
    return place
  }

  /** Inserts the numbers from `from` to `to` - 1, each in a transaction of its own. */
  async insert({ table }: Place, from: number, to: number): Promise<void> {
    await this.query(
      `DO $$ BEGIN FOR n IN ${from}..${to - 1} LOOP INSERT INTO ${table} VALUES (n); COMMIT; END LOOP; END $$`,
    )
  }

  async crash(): Promise<void> {
    await this.#postgres.stop('SIGQUIT')
  }

  async restart(): Promise<void> {
    await this.#postgres.restart()
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#postgres[Symbol.asyncDispose]()
  }
}

const sinkOf = ({ url, table }: Place, options: Partial<PostgresSinkOptions> = {}) =>
  postgresSink({ connection: url, table, columns: ['id'], application: `app-${table}`, ...options })

const elsewhere = { url: `postgres://u:${SECRET}@127.0.0.1:1/db`, table: 't' }

const tableOf = ({ url, table }: Place, options: Partial<PostgresTableOptions> = {}) =>
  postgresTableSource<{ id: string }>({ connection: url, table, key: 'id', ...options })
const changesOf = ({ url, table }: Place, options: Partial<PostgresChangesOptions> = {}) =>
  postgresChangesSource({ connection: url, slot: table, publication: table, ...options })

/** Faults that both sources report alike. */
function badInputs(
  open: (ssc: StreamingContext, place: Place, options?: object) => ReturnType<StreamingContext['input']>,
  wrongPlace: readonly string[],
): SourceRow<PostgresServer, Place>['bad'] {
  return {
    'unreachable host': {
      open: (ssc) => open(ssc, elsewhere),
      code: 'ERR_MILLRACE_SOURCE',
      says: ['PostgreSQL at 127.0.0.1:1/db cannot be reached', 'Check host, port, database, user and password'],
    },
    'wrong place': {
      open: (ssc, { url }) => open(ssc, { url, table: 'nowhere' }),
      code: 'ERR_MILLRACE_SOURCE',
      says: wrongPlace,
    },
    'refused credentials': {
      open: (ssc, { url }) => open(ssc, { url: url.replace('postgres@', `nobody:${SECRET}@`), table: 't' }),
      code: 'ERR_MILLRACE_SOURCE',
      says: ['role "nobody" does not exist', 'Check host, port, database, user and password'],
    },
    'wrong option': {
      open: (ssc) => open(ssc, elsewhere, { password: SECRET }),
      code: 'ERR_MILLRACE_ARGUMENT',
      says: ["there is no option 'password'"],
    },
    'missing client': { open: (ssc) => open(ssc, elsewhere), client: 'pg', says: ['version 8'] },
  }
}

const typed = notApplicable('a row has the types of its columns')

const tables: SourceRow<PostgresServer, Place> = {
  name: 'postgresTableSource',
  guarantee: { threads: 'exactly-once', process: 'exactly-once' },
  create: (server) => server.newTable(),
  send: (server, place, from, to) => server.insert(place, from, to),
  open: (ssc, place) => ssc.input(tableOf(place, PATIENT)),
  serial: (record) => Number((record as { id: string }).id),
  slow: { open: (ssc, place) => ssc.input(tableOf(place, { maxRows: 50 })), most: 50 },
  malformed: typed,
  bad: badInputs((ssc, place, options) => ssc.input(tableOf(place, options)), ['relation "nowhere" does not exist']),
}

const changes: SourceRow<PostgresServer, Place> = {
  name: 'postgresChangesSource',
  guarantee: { threads: 'exactly-once', process: 'exactly-once' },
  create: (server) => server.newPublishedTable(),
  send: (server, place, from, to) => server.insert(place, from, to),
  open: (ssc, place) => ssc.input(changesOf(place, PATIENT)),
  serial: (record) => Number((record as { row: { id: string } }).row.id),
  // A transaction of one row takes more than 50 bytes of the log.
  slow: { open: (ssc, place) => ssc.input(changesOf(place, { maxBatchBytes: 5000 })), most: 100 },
  malformed: typed,
  bad: badInputs(
    (ssc, place, options) => ssc.input(changesOf(place, options)),
    ["There is no publication 'nowhere'", 'CREATE PUBLICATION'],
  ),
}

function sink(name: string, options: Partial<PostgresSinkOptions>): SinkRow<PostgresServer, Place> {
  return {
    name,
    guarantee: { threads: 'exactly-once', process: 'exactly-once' },
    create: (server) => server.newTable(),
    open: (place) => sinkOf(place, options),
    record: (n) => ({ id: n }),
    read: async (server, { table }) => (await server.query(`SELECT id FROM ${table}`)).map(({ id }) => Number(id)),
    malformed: { record: 'text', says: ['A record for PostgreSQL is "text"', 'map records to objects'] },
    bad: {
      'unreachable host': {
        open: () => sinkOf(elsewhere),
        code: 'ERR_MILLRACE_SOURCE',
        says: ['PostgreSQL at 127.0.0.1:1/db cannot be reached', 'Check host, port, database, user and password'],
      },
      'wrong place': {
        open: ({ url }) => sinkOf({ url, table: 'nowhere' }),
        code: 'ERR_MILLRACE_SAVE',
        says: ['relation "nowhere" does not exist'],
      },
      'refused credentials': {
        open: ({ url }) => sinkOf({ url: url.replace('postgres@', `nobody:${SECRET}@`), table: 't' }),
        code: 'ERR_MILLRACE_SOURCE',
        says: ['role "nobody" does not exist', 'Check host, port, database, user and password'],
      },
      'wrong option': {
        open: () => sinkOf(elsewhere, { password: SECRET } as object),
        code: 'ERR_MILLRACE_ARGUMENT',
        says: ["there is no option 'password'"],
      },
      'missing client': { open: () => sinkOf(elsewhere), client: 'pg', says: ['version 8'] },
    },
  }
}

export const row: ConnectorRow<PostgresServer> = {
  name: 'postgres',
  service: 'postgres',
  start: () => PostgresServer.start(),
  programs: {
    0: async (server, run) => {
      await server.query('CREATE TABLE word_counts (word text PRIMARY KEY, count int)')
      const prepare = (folder: string) => mkdirSync(join(folder, 'incoming'))
      await run({ replace: { 'postgres://app@localhost/stats': server.url }, prepare }, ({ put }) =>
        untilMatches(async () => {
          put('incoming', 'to be\n')
          return JSON.stringify(await server.query('SELECT word FROM word_counts ORDER BY word'))
        }, /"be".*"to"/),
      )
    },
    1: async (server, run) => {
      await server.query('CREATE TABLE orders (id bigint PRIMARY KEY, amount int)')
      await server.query('INSERT INTO orders VALUES (1, 3), (2, 4)')
      await run({ replace: { 'postgres://app@localhost/shop': server.url } }, ({ printed }) =>
        untilMatches(printed, /^7\n/),
      )
    },
    2: async (server, run) => {
      const { table } = await server.newPublishedTable()
      await server.insert({ url: server.url, table }, 0, 1)
      const replace = {
        'postgres://app@localhost/shop': server.url,
        "'millrace', publication: 'shop'": `'${table}', publication: '${table}'`,
      }
      await run({ replace }, ({ printed }) => untilMatches(printed, new RegExp(`${table} insert`)))
    },
  },
  sources: [tables, changes],
  sinks: [
    sink('postgresSink, rows with the commit', { inlineRows: 1000 }),
    sink('postgresSink, rows through the staging table', { inlineRows: 10 }),
  ],
}
