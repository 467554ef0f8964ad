import type { PageSubject } from '../../engine/streaming/page.js'
import type { Collector } from '../collect/collector.js'
import type { BatchDetails, BatchRow, Overview } from '../collect/rows.js'
import type { StatusCache } from '../collect/status-cache.js'
import { type Answer, fault } from './answer.js'
import { Reads } from './reads.js'

export interface ApiOptions extends PageSubject {
  readonly collector: Collector
  readonly status: StatusCache
  readonly chaos: boolean
}

/** The resources below `/api/v1`. */
export class Api {
  readonly #options: ApiOptions
  readonly #reads: Reads
  readonly #resources: Readonly<Record<string, (overview: Overview) => unknown>> = {
    overview: (overview) => overview,
    threads: ({ status, slots }) => ({ threads: status.threads, slots }),
    cluster: ({ status }) => status.cluster ?? null,
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
    this.#reads = new Reads(options)
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
    const read = await this.#reads.get(path, query)
    if (read) return read
    if (path === 'batches') return { status: 200, body: this.batches() }
    if (path.startsWith('batches/')) return this.#batch(path.slice('batches/'.length))
    if (!Object.hasOwn(this.#resources, path)) return notFound(`There is no resource /api/v1/${path.slice(0, 100)}.`)
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

function notFound(message: string): Answer {
  return { status: 404, body: fault('not-found', message) }
}
