import type { PageSubject } from '../../engine/streaming/page.js'
import type { Collector } from '../collect/collector.js'
import type { BatchDetails, BatchRow, Overview } from '../collect/rows.js'
import type { StatusCache } from '../collect/status-cache.js'

/** An answer: JSON with its status. */
export interface Answer {
  readonly status: number
  readonly body: unknown
}

export interface ApiOptions extends PageSubject {
  readonly collector: Collector
  readonly status: StatusCache
  readonly chaos: boolean
}

const LOOK_UP = '/api/v1/state/<uid>?key=<JSON or text>'
const LONGEST_KEY = 1024
/** Look-ups that run at a time: each is a job on the threads of the streams. */
const MOST_LOOK_UPS = 4
/** The status of a look-up that fails, by the code of its error. */
const STATUS: Readonly<Record<string, number>> = {
  ERR_MILLRACE_ARGUMENT: 404,
  ERR_MILLRACE_STATE: 409,
  ERR_MILLRACE_DATA: 413,
  ERR_MILLRACE_JOB_CANCELLED: 504,
}

/** The resources below `/api/v1`. */
export class Api {
  readonly #options: ApiOptions
  #lookUps = 0
  readonly #resources: Readonly<Record<string, (overview: Overview) => unknown>> = {
    overview: (overview) => overview,
    threads: ({ status, slots }) => ({ threads: status.threads, slots }),
    memory: ({ status }) => status.memory,
    storage: ({ status }) => status.persisted,
    state: ({ status }) => status.states,
    graph: ({ status, operators }) => ({ streams: status.streams, outputs: status.outputs, operators }),
    checkpoints: ({ status, checkpoints }) => ({ directory: status.checkpointDir, checkpoints }),
    connectors: ({ connectors }) => connectors,
    recovery: ({ recovery }) => recovery,
    configuration: ({ status }) => status.options,
  }

  constructor(options: ApiOptions) {
    this.#options = options
  }

  async overview(): Promise<Overview> {
    const { collector, status, chaos } = this.#options
    const { startedAt, lagging, totals, recovery, connectors } = collector
    const now = await status.get()
    return {
      status: now,
      startedAt,
      lagging,
      totals,
      slots: recovery.slots(),
      recovery: recovery.rows(),
      connectors: connectors.rows(now.inputs),
      checkpoints: collector.checkpoints(),
      operators: collector.operators.rows(),
      chaos,
    }
  }

  /** Answers `GET /api/v1/<path>?<query>`. */
  async get(path: string, query = new URLSearchParams()): Promise<Answer> {
    if (path.startsWith('state/')) return await this.#lookUp(path.slice('state/'.length), query.get('key'))
    if (path === 'batches') return { status: 200, body: this.batches() }
    if (path.startsWith('batches/')) return this.#batch(path.slice('batches/'.length))
    if (!Object.hasOwn(this.#resources, path)) return notFound(`There is no resource /api/v1/${path}.`)
    return { status: 200, body: this.#resources[path]!(await this.overview()) }
  }

  /** Answers `POST /api/v1/<path>`. */
  async post(path: string): Promise<Answer> {
    const slot = /^threads\/(\d{1,3})\/terminate$/.exec(path)?.[1]
    if (slot === undefined) return notFound('There is no such action.')
    if (!this.#options.chaos) return { status: 403, body: fault('chaos', 'Set ui.chaos to terminate threads.') }
    try {
      await this.#options.terminateThread(Number(slot))
      return { status: 200, body: { terminated: Number(slot) } }
    } catch (error) {
      return { status: 409, body: fault('thread', error instanceof Error ? error.message : String(error)) }
    }
  }

  /** All kept batches, by time. */
  batches(): BatchRow[] {
    return this.#options.collector.batches.since(0)
  }

  /** The state of a key, which is JSON, or else a text as it is. */
  async #lookUp(name: string, key: string | null): Promise<Answer> {
    if (key === null || name === '' || key.length > LONGEST_KEY)
      return {
        status: 400,
        body: fault('key', `A look-up has a key of at most ${LONGEST_KEY} characters: ${LOOK_UP}.`),
      }
    if (this.#lookUps >= MOST_LOOK_UPS) return { status: 503, body: fault('busy', 'Too many look-ups run. Try again.') }
    this.#lookUps++
    try {
      const { value, ...state } = await this.#options.lookUpState(decoded(name), parsed(key))
      return { status: 200, body: { ...state, ...(value !== undefined && { value: parsed(value) }) } }
    } catch (error) {
      const { code, message } = error as { code?: string; message: string }
      return { status: STATUS[code ?? ''] ?? 500, body: fault('state', message) }
    } finally {
      this.#lookUps--
    }
  }

  #batch(id: string): Answer {
    if (id === '') return { status: 400, body: fault('batch', 'The batch time is missing: /api/v1/batches/<time>.') }
    const details: BatchDetails | undefined = /^\d{1,16}$/.test(id)
      ? this.#options.collector.batches.details(Number(id))
      : undefined
    return details
      ? { status: 200, body: details }
      : notFound(`Batch ${id.slice(0, 20)} does not exist, or is too old.`)
  }
}

/** The body of an answer that is an error. */
export function fault(code: string, message: string): { readonly error: { code: string; message: string } } {
  return { error: { code, message } }
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

function notFound(message: string): Answer {
  return { status: 404, body: fault('not-found', message) }
}
