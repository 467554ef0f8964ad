import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Context, type InputSource, type ManualClock } from 'millrace'
import pg from 'pg'
import { afterAll, afterEach, beforeAll, expect } from 'vitest'
import { PostgresService } from '../services/postgres.js'
import { batchesOf, manualStreams, range } from '../support/streams.js'

export { range }

/** A server that a file's tests share, and what they do with it. */
export class PostgresTests {
  postgres!: PostgresService
  client!: pg.Client
  /** Contexts that are stopped after the test. */
  readonly open: { stop(): Promise<unknown> }[] = []
  readonly #directories: string[] = []
  #names = 0

  constructor() {
    beforeAll(async () => {
      this.postgres = await PostgresService.start()
      await this.connect()
    })
    afterEach(async () => {
      for (const each of this.open.splice(0)) await each.stop()
      // A slot is active until its server process has noticed that the connection is closed.
      const active = async () => (await this.client.query('SELECT 1 FROM pg_replication_slots WHERE active')).rowCount
      await expect.poll(active).toBe(0)
      await this.client.query('SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots')
      for (const path of this.#directories.splice(0)) rmSync(path, { recursive: true, force: true })
    })
    afterAll(async () => {
      await this.client?.end().catch(() => undefined)
      await this.postgres?.[Symbol.asyncDispose]()
    })
  }

  async connect(): Promise<pg.Client> {
    this.client = await this.newClient()
    return this.client
  }

  async newClient(): Promise<pg.Client> {
    const client = new pg.Client({ connectionString: this.postgres.url })
    client.on('error', () => undefined)
    await client.connect()
    return client
  }

  newName(what: string): string {
    return `${what}_${++this.#names}`
  }

  async newTable(columns: string): Promise<string> {
    const table = this.newName('table')
    await this.client.query(`CREATE TABLE ${table} (${columns})`)
    return table
  }

  newDirectory(): string {
    const path = mkdtempSync(join(tmpdir(), 'millrace-postgres-'))
    this.#directories.push(path)
    return path
  }

  context(): Context {
    const ctx = new Context({ threads: 2 })
    this.open.push(ctx)
    return ctx
  }

  /** A stream over a source, its batches so far, and `tick`, which runs the next ones. */
  read<T>(
    source: InputSource<T>,
    more: { readonly clock?: ManualClock; readonly checkpointDir?: string; readonly checkpointInterval?: string } = {},
  ) {
    const streams = manualStreams(more)
    this.open.push(streams.ssc)
    return { ...streams, ...batchesOf(streams.ssc, source) }
  }
}
