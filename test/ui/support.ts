import { ManualClock, StreamingContext, type StreamingOptions } from 'millrace'
import { onTestFinished } from 'vitest'

/** A stream with a shuffle, state and several outputs, and a page on any free port. */
export function watched(options: Partial<StreamingOptions> = {}): StreamingContext {
  return new StreamingContext({
    batchInterval: 500,
    threads: 2,
    parallelism: 2,
    stateSnapshotInterval: 2,
    logger: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
    onBatchError: 'skip',
    ui: { port: 0, chaos: true },
    ...options,
  })
}

/** Streams with a page and state whose driver has a thread of its own, after three batches. */
export async function inDriverThread() {
  const clock = new ManualClock(0)
  const module = new URL('../cli/fixtures/totals.mjs', import.meta.url)
  const options = { batchInterval: 1000, threads: 1, clock, driver: 'thread', ui: { port: 0 } } as const
  const pipeline = await StreamingContext.fromPipeline(module, options)
  onTestFinished(() => void pipeline.stop())
  await pipeline.start()
  await clock.advance(3000)
  await pipeline.awaitIdle()
  return pipeline
}

export interface Answered {
  readonly status: number
  readonly headers: Readonly<Record<string, string | string[] | undefined>>
  readonly text: string
}

/** Sends a request exactly as it is given: fetch would normalize the path and set headers of its own. */
export async function raw(
  url: string,
  {
    method = 'GET',
    path = '/',
    headers = {},
  }: { method?: string; path?: string; headers?: Record<string, string> } = {},
): Promise<Answered> {
  const { request } = await import('node:http')
  const { hostname, port } = new URL(url)
  return await new Promise((resolve, reject) => {
    const sent = request({ hostname, port, method, path, headers, agent: false }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode!, headers: response.headers, text }))
      response.on('error', reject)
    })
    sent.on('error', reject)
    sent.end()
  })
}
