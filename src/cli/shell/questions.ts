import type { BatchDetails, BatchRow, Overview } from '../../ui/collect/rows.js'
import type { PageClient } from './page-client.js'

const NEWEST = 20

/** A batch, as a row of a table. Times in ms. */
export interface BatchLine {
  readonly batch: string
  readonly status: string
  readonly records: number
  readonly scheduling: number | undefined
  readonly processing: number | undefined
  readonly total: number | undefined
}

/** The functions of a shell that asks the page of a running pipeline. */
export function questions(page: PageClient): Readonly<Record<string, (...args: never[]) => Promise<unknown>>> {
  const list = (path: string) => async () => page.get(path)
  const fields = (path: string) => async () => fieldsOf(await page.get(path))
  return {
    get: (path: string) => page.get(String(path).replace(/^\/?(api\/v1\/)?/, '')),
    overview: async () => summary((await page.get('overview')) as Overview),
    batches: async (newest = NEWEST) => {
      const rows = (await page.get('batches')) as BatchRow[]
      return newestOf(rows, newest).map(lineOf)
    },
    batch: async (time: number) => (await page.get(`batches/${Number(time)}`)) as BatchDetails,
    threads: async () => ((await page.get('threads')) as { threads: unknown }).threads,
    memory: fields('memory'),
    storage: list('storage'),
    state: async (name?: string | number, key?: unknown) => {
      if (name === undefined) return await page.get('state')
      const query = new URLSearchParams({ key: JSON.stringify(key) ?? '' })
      return await page.get(`state/${encodeURIComponent(name)}?${query}`)
    },
    tables: list('tables'),
    table: async (name: string, limit = NEWEST) => recordsOf(name, limit, page),
    sql: async (text: string) => {
      const query = new URLSearchParams({ q: String(text) })
      return ((await page.get(`sql?${query}`)) as { readonly rows: unknown }).rows
    },
    connectors: list('connectors'),
    checkpoints: async () => ((await page.get('checkpoints')) as { checkpoints: unknown }).checkpoints,
    recovery: list('recovery'),
    graph: async () => graphOf((await page.get('graph')) as Graph),
    configuration: fields('configuration'),
  }
}

async function recordsOf(name: string, limit: number, page: PageClient): Promise<unknown> {
  const path = `tables/${encodeURIComponent(name)}?limit=${Number(limit)}`
  return ((await page.get(path)) as { readonly records: unknown }).records
}

/** Returns the last `count` of a list, the last first. */
export function newestOf<T>(list: readonly T[], count: number): T[] {
  return count > 0 ? list.slice(-count).reverse() : []
}

/** Returns the row of a batch. */
export function lineOf(row: Omit<BatchRow, 'inputs' | 'outputs'>): BatchLine {
  return {
    batch: new Date(row.time).toISOString(),
    status: row.status,
    records: row.records,
    scheduling: row.schedulingDelay,
    processing: row.processingDelay,
    total: row.totalDelay,
  }
}

interface Graph extends Pick<Overview, 'operators'>, Pick<Overview['status'], 'streams' | 'outputs'> {}

/** The streams, with what they had last. */
function graphOf({ streams, outputs, operators }: Graph): unknown[] {
  return streams.map(({ id, label, parents, slide, uid }) => {
    const newest = operators.find(({ stream }) => stream === id)
    const written = outputs.filter(({ stream }) => stream === id).map((output) => output.label)
    return {
      stream: id,
      operation: label,
      of: parents.join(', '),
      slide,
      uid: uid ?? '',
      records: newest?.sample?.recordsIn ?? newest?.stage?.records,
      ms: newest?.sample?.ms ?? newest?.stage?.ms,
      outputs: written.join(', '),
    }
  })
}

function summary({ status, totals, lagging, connectors, recovery }: Overview): unknown[] {
  return fieldsOf({
    state: status.state,
    batchInterval: status.batchInterval,
    threads: status.threads.length,
    ...totals,
    behind: lagging?.behind ?? 0,
    inputs: connectors.length,
    threadsLost: recovery.length,
    memory: status.memory.used,
    checkpointDir: status.checkpointDir ?? '',
  })
}

function fieldsOf(object: unknown): unknown[] {
  return Object.entries(object as object).map(([name, value]) => ({ name, value: value as unknown }))
}
