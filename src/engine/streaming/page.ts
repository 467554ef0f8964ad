import type { Logger } from '../logger.js'
import type { Lineage } from '../status/lineage.js'
import type { StateOfKey } from '../status/streams-status.js'
import type { StreamingControl } from './streaming-control.js'
import type { TableReader } from './table-reader.js'
import type { CheckedUiOptions, StreamingUi } from './ui-options.js'

/** The page of one context, as the context opens and closes it. */
export interface Page extends StreamingUi {
  /** Starts the server of the page, if it has one. Never rejects: streams run without their page. */
  open(): Promise<void>
  close(): Promise<void>
}

/** The streams that a page shows and controls. */
export interface PageSubject {
  readonly streams: StreamingControl
  readonly logger: Logger
  /** Terminates the thread in a slot. */
  terminateThread(slot: number): Promise<void>
  /** Returns the state of a key. @throws ArgumentError if no operation with this uid or number keeps state by key. */
  lookUpState(name: string, key: unknown): Promise<StateOfKey>
  readonly tables: TableReader
  /** Returns what a partition of a stream's newest dataset is computed from. @throws ArgumentError if there is none. */
  lineageOf(stream: number, partition: number): Promise<Lineage>
}

export type PageFactory = (subject: PageSubject, options: CheckedUiOptions) => Page

let factory: PageFactory | undefined

/** Provides the pages. Called once, by the module that puts the library together. */
export function providePages(given: PageFactory): void {
  factory = given
}

/** Creates the page of a context; undefined with `ui: false`. */
export function pageFor(subject: PageSubject, options: CheckedUiOptions | undefined): Page | undefined {
  return options && factory?.(subject, options)
}

/** Opens the page, starts the streams, and closes the page when they have stopped. */
export async function startWithPage(
  page: Page | undefined,
  streams: StreamingControl,
  start: () => Promise<void>,
): Promise<void> {
  if (!page || streams.state !== 'INITIALIZED') return await start()
  await page.open()
  try {
    await start()
  } catch (error) {
    await page.close()
    throw error
  }
  const close = () => page.close()
  void streams.awaitTermination().then(close, close)
}
