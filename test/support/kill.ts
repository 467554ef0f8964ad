import type { StreamingContext } from 'millrace'
import { terminateThread } from 'millrace/testing'
import { vi } from 'vitest'

/** Kills the thread in a slot; waits for its successor if the last one is still being replaced. */
export async function killThread(ssc: StreamingContext, slot: number): Promise<void> {
  await vi.waitFor(() => terminateThread(ssc, slot), { timeout: 10_000, interval: 1 })
}
