import { ManualClock, type OutputBatch, type PipelineHandle, type PipelineOptions, StreamingContext } from 'millrace'

/** A module of driver-pipelines/. */
export const moduleAt = (name: string): URL => new URL(`./driver-pipelines/${name}`, import.meta.url)

export const DRIVERS = ['host', 'thread'] as const
export type Driver = (typeof DRIVERS)[number]

const open: { stop(): Promise<void> }[] = []

/** Stops everything that a test has opened. */
export async function stopAll(): Promise<void> {
  for (const one of open.splice(0)) await one.stop()
}

export interface Opened<C> {
  readonly ssc: C
  readonly clock: ManualClock
  readonly log: { readonly level: string; readonly message: string; readonly details: unknown }[]
}

type Options<P> = Partial<PipelineOptions<P>>

/** A pipeline under a manual clock and either driver, with a log that tests can read. */
export async function opened<P>(
  name: string | URL,
  driver: Driver,
  options: Options<P> = {},
): Promise<Opened<StreamingContext | PipelineHandle>> {
  const clock = new ManualClock(0)
  const log: Opened<unknown>['log'] = []
  const note = (level: string) => (message: string, details?: unknown) => void log.push({ level, message, details })
  const logger = { debug: () => {}, info: () => {}, warn: note('warn'), error: note('error') }
  const given = { batchInterval: 1000, threads: 2, clock, logger, ...options, driver }
  const ssc = await StreamingContext.fromPipeline<P>(
    typeof name === 'string' && !name.includes('/') ? moduleAt(name) : name,
    given,
  )
  open.push(ssc)
  return { ssc, clock, log }
}

/** With the driver in a thread of its own. */
export async function threaded<P>(name: string | URL, options: Options<P> = {}): Promise<Opened<PipelineHandle>> {
  return (await opened(name, 'thread', options)) as Opened<PipelineHandle>
}

/** All batches of a named output; to be called before the context stops, awaited after. */
export async function gatherFrom<T>(
  ssc: { output<U>(name: string): AsyncIterable<OutputBatch<U>> },
  name: string,
): Promise<OutputBatch<T>[]> {
  const batches: OutputBatch<T>[] = []
  for await (const batch of ssc.output<T>(name)) batches.push(batch)
  return batches
}

/** Resolves when the condition holds, which something in another thread will bring about. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve))
}

export const sharedWord = (): Int32Array => new Int32Array(new SharedArrayBuffer(4))
