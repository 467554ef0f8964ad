import { mkdirSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ManualClock, ReplayedBatch, StreamingContext } from 'millrace'

/** Writes a file that the batch at `time` reads. */
export function write(folder: string, name: string, text: string, time: number): void {
  mkdirSync(folder, { recursive: true })
  const path = join(folder, name)
  writeFileSync(path, text)
  utimesSync(path, time / 1000 - 0.5, time / 1000 - 0.5)
}

/** Runs batches; `before(time)` adds the data of each. */
export async function batches(
  { ssc, clock }: { readonly ssc: StreamingContext; readonly clock: ManualClock },
  count: number,
  before: (time: number) => unknown,
): Promise<void> {
  for (let i = 0; i < count; i++) {
    await before(clock.now() + ssc.batchInterval)
    await clock.advance(ssc.batchInterval)
    await ssc.awaitIdle()
  }
}

/** The results of the outputs of a replay, with their records. */
export function results({ outputs }: ReplayedBatch): [string, unknown[]][] {
  return outputs.map(({ result, records }) => [result, [...records].sort()])
}
