import type { Context, StreamingContext } from 'millrace'
import { terminateThread } from 'millrace/testing'
import { eventually } from './eventually.js'

/** Kills the thread in a slot; waits for its successor if the last one is still being replaced. */
export async function killThread(context: Context | StreamingContext, slot: number): Promise<void> {
  await eventually(() => terminateThread(context, slot))
}
