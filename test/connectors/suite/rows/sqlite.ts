import { mkdtempSync, rmSync } from 'node:fs'
import { isBuiltin } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from '@photostructure/sqlite'
import type { StreamingContext } from 'millrace'
import { type SqliteSinkOptions, type SqliteTableOptions, sqliteSink, sqliteTableSource } from 'millrace/sqlite'
import { untilMatches } from '../example.js'
import { type ConnectorRow, notApplicable, SECRET, type SinkRow, type SourceRow, type TestServer } from '../row.js'

interface Place {
  readonly path: string
}

/** A folder of databases. There is no server. */
class Databases implements TestServer {
  readonly #folder = mkdtempSync(join(tmpdir(), 'millrace-sqlite-'))
  #places = 0

  newPlace(): Place {
    const path = join(this.#folder, `${++this.#places}.db`)
    this.run({ path }, 'CREATE TABLE t (id INTEGER NOT NULL)')
    return { path }
  }

  run({ path }: Place, statement: string): Record<string, unknown>[] {
    const database = new DatabaseSync(path, { timeout: 5000 })
    try {
      return database.prepare(statement).all() as Record<string, unknown>[]
    } finally {
      database.close()
    }
  }

  async crash(): Promise<void> {}
  async restart(): Promise<void> {}
  async [Symbol.asyncDispose](): Promise<void> {
    rmSync(this.#folder, { recursive: true, force: true })
  }
}

const tableOf = (place: Place, options: Partial<SqliteTableOptions> = {}) =>
  sqliteTableSource<{ id: number }>({ ...place, table: 't', key: 'id', ...options })
const sinkOf = (place: Place, options: Partial<SqliteSinkOptions> = {}) =>
  sqliteSink({ ...place, table: 't', columns: ['id'], application: 'suite', ...options })

const elsewhere = { path: '/no/such/folder/data.db' }
const file = notApplicable('SQLite is a file')
const isBuiltIn = isBuiltin('node:sqlite')
/** Where Node has no SQLite. */
const missingClient = <Open>(open: Open) =>
  isBuiltIn
    ? notApplicable('this version of Node has SQLite')
    : { open, client: '@photostructure/sqlite', says: ['Use Node 22.13 or later'] }

const source: SourceRow<Databases, Place> = {
  name: 'sqliteTableSource',
  guarantee: { threads: 'exactly-once', process: 'exactly-once' },
  create: async (server) => server.newPlace(),
  send: async (server, place, from, to) => {
    const values = Array.from({ length: to - from }, (_, i) => `(${from + i})`)
    server.run(place, `INSERT INTO t VALUES ${values.join()}`)
  },
  open: (ssc, place) => ssc.input(tableOf(place)),
  serial: (record) => (record as { id: number }).id,
  slow: { open: (ssc, place) => ssc.input(tableOf(place, { maxRows: 50 })), most: 50 },
  malformed: notApplicable('a row has the values that SQLite stores'),
  restart: file,
  bad: {
    'unreachable host': file,
    'wrong place': {
      open: (ssc) => ssc.input(tableOf(elsewhere)),
      code: 'ERR_MILLRACE_SOURCE',
      says: ['SQLite cannot open /no/such/folder/data.db', 'Check the path and its permissions'],
    },
    'refused credentials': file,
    'wrong option': {
      open: (ssc) => ssc.input(tableOf(elsewhere, { password: SECRET } as object)),
      code: 'ERR_MILLRACE_ARGUMENT',
      says: ["there is no option 'password'"],
    },
    'missing client': missingClient((ssc: StreamingContext) => ssc.input(tableOf(elsewhere))),
  },
}

const sink: SinkRow<Databases, Place> = {
  name: 'sqliteSink',
  guarantee: { threads: 'exactly-once', process: 'exactly-once' },
  create: async (server) => server.newPlace(),
  open: (place) => sinkOf(place),
  record: (n) => ({ id: n }),
  read: async (server, place) => server.run(place, 'SELECT id FROM t').map(({ id }) => Number(id)),
  malformed: { record: 'text', says: ['A record for SQLite is "text"', 'map records to objects'] },
  restart: file,
  bad: {
    'unreachable host': file,
    'wrong place': {
      open: () => sinkOf(elsewhere),
      code: 'ERR_MILLRACE_SAVE',
      says: ['SQLite cannot open /no/such/folder/data.db', 'Check the path and its permissions'],
    },
    'refused credentials': file,
    'wrong option': {
      open: () => sinkOf(elsewhere, { password: SECRET } as object),
      code: 'ERR_MILLRACE_ARGUMENT',
      says: ["there is no option 'password'"],
    },
    'missing client': missingClient(() => sinkOf(elsewhere)),
  },
}

export const row: ConnectorRow<Databases> = {
  name: 'sqlite',
  start: async () => new Databases(),
  sources: [source],
  sinks: [sink],
  programs: {
    0: async (server, run) => {
      const prepare = (folder: string) => {
        const visits = { path: join(folder, 'visits.db') }
        server.run(visits, 'CREATE TABLE visits (id INTEGER PRIMARY KEY, page TEXT)')
        server.run(visits, "INSERT INTO visits VALUES (1, '/home')")
        server.run({ path: join(folder, 'pages.db') }, 'CREATE TABLE counts (page TEXT, count INTEGER)')
      }
      await run({ prepare }, ({ folder }) =>
        untilMatches(
          () => JSON.stringify(server.run({ path: join(folder, 'pages.db') }, 'SELECT * FROM counts')),
          /"\/home","count":1/,
        ),
      )
    },
  },
}
