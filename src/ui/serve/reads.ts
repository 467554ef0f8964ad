import type { PageSubject } from '../../engine/streaming/page.js'
import { messageOf } from '../../values/message-of.js'
import { type Answer, fault } from './answer.js'

const LOOK_UP = '/api/v1/state/<uid>?key=<JSON or text>'
const LINEAGE = '/api/v1/lineage/<stream>?partition=<number>'
const LONGEST_KEY = 1024
const LONGEST_QUERY = 10_000
const RECORDS = 20
/** Reads that run at a time, and queries among them: most reads are a job on the threads of the streams. */
const MOST_READS = 4
const MOST_QUERIES = 2
/** The status of a read that fails, by the code of its error. */
const STATUS: Readonly<Record<string, number>> = {
  ERR_MILLRACE_ARGUMENT: 404,
  ERR_MILLRACE_STATE: 409,
  ERR_MILLRACE_DATA: 413,
  ERR_MILLRACE_SOURCE: 501,
  ERR_MILLRACE_CALL_TIMEOUT: 504,
  ERR_MILLRACE_JOB_CANCELLED: 504,
}

/** The resources that read data of the streams: state of a key, lineages, tables, queries. A bounded number is read at a time. */
export class Reads {
  readonly #subject: Pick<PageSubject, 'lookUpState' | 'lineageOf' | 'tables'>
  #reads = 0
  #queries = 0

  constructor(subject: Pick<PageSubject, 'lookUpState' | 'lineageOf' | 'tables'>) {
    this.#subject = subject
  }

  /** Answers `GET /api/v1/<path>?<query>`; undefined if the resource is another. */
  async get(path: string, query: URLSearchParams): Promise<Answer | undefined> {
    if (path.startsWith('state/')) return await this.#lookUp(path.slice('state/'.length), query.get('key'))
    if (path.startsWith('lineage/')) return await this.#lineage(path.slice('lineage/'.length), query.get('partition'))
    if (path === 'tables') return await this.#read('table', () => this.#subject.tables.list())
    if (path.startsWith('tables/')) return await this.#table(path.slice('tables/'.length), query.get('limit'))
    if (path === 'sql') return await this.#query(query.get('q'))
    return undefined
  }

  /** The state of a key, which is JSON, or else a text as it is. */
  async #lookUp(name: string, key: string | null): Promise<Answer> {
    if (key === null || name === '' || key.length > LONGEST_KEY)
      return bad('key', `A look-up has a key of at most ${LONGEST_KEY} characters: ${LOOK_UP}.`)
    return await this.#read('state', async () => {
      const { value, ...state } = await this.#subject.lookUpState(decoded(name), parsed(key))
      return { ...state, ...(value !== undefined && { value: parsed(value) }) }
    })
  }

  async #lineage(stream: string, partition: string | null): Promise<Answer> {
    if (!/^\d{1,6}$/.test(stream) || !/^\d{1,6}$/.test(partition ?? '0'))
      return bad('lineage', `A lineage has numbers: ${LINEAGE}.`)
    return await this.#read('lineage', () => this.#subject.lineageOf(Number(stream), Number(partition ?? 0)))
  }

  async #table(name: string, limit: string | null): Promise<Answer> {
    if (limit !== null && !/^\d{1,9}$/.test(limit)) return bad('limit', 'The limit is a number of records, such as 20.')
    return await this.#read('table', async () => {
      const { records, ...head } = await this.#subject.tables.read(decoded(name), Number(limit ?? RECORDS))
      return { ...head, records: records.map(parsed) }
    })
  }

  async #query(text: string | null): Promise<Answer> {
    if (text === null || text.trim() === '' || text.length > LONGEST_QUERY || text.includes('\0'))
      return bad('sql', `A query is one SELECT of at most ${LONGEST_QUERY} characters: /api/v1/sql?q=<SELECT>.`)
    if (this.#queries >= MOST_QUERIES) return busy()
    this.#queries++
    try {
      return await this.#read('sql', async () => ({ rows: (await this.#subject.tables.query(text)).rows.map(parsed) }))
    } finally {
      this.#queries--
    }
  }

  async #read(code: string, read: () => Promise<unknown>): Promise<Answer> {
    if (this.#reads >= MOST_READS) return busy()
    this.#reads++
    try {
      return { status: 200, body: await read() }
    } catch (error) {
      return { status: statusOf(code, error), body: fault(code, messageOf(error)) }
    } finally {
      this.#reads--
    }
  }
}

/** A query that fails is a bad request, unless its process ended, or the data of its tables does not fit. */
function statusOf(what: string, error: unknown): number {
  const { code = '', details } = error as { readonly code?: string; readonly details?: { readonly kind?: string } }
  if (code === 'ERR_MILLRACE_SQL') return details?.kind === 'Process' ? 503 : 400
  if (what === 'sql' && code === 'ERR_MILLRACE_DATA') return 422
  return STATUS[code] ?? 500
}

function bad(code: string, message: string): Answer {
  return { status: 400, body: fault(code, message) }
}

function busy(): Answer {
  return { status: 503, body: fault('busy', 'Too many reads of the streams run. Try again.') }
}

/** Returns the value of a JSON text, or another text as it is. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return text
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
