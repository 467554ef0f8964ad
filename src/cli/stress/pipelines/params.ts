import type { DStream, StreamBuilder } from '../../../index.js'
import type { DataSpec } from '../data.js'
import type { FaultMemory } from '../tripwire.js'

/** Parameters of the stress pipelines. */
export interface StressParams extends DataSpec {
  /** Length of a batch in ms. */
  readonly interval: number
  readonly faults: FaultMemory
}

/** Name of the stream that the command pushes to, if the pipeline has one. */
export const PUSHED = 'pushed'

/** Name of the output that counts each record's serial number. */
export const SERIALS = 'serials'

export function auditSerials(serials: DStream<number>): void {
  serials
    .map((serial): [number, number] => [serial, 1])
    .reduceByKey((a, b) => a + b)
    .output(SERIALS)
}

/** Creates an input that contains `draw(i)` in batch i. The driver calls `draw` once per batch. */
export function drawnStream<T>(
  ssc: StreamBuilder,
  name: string,
  interval: number,
  draw: (batch: number) => readonly T[],
): DStream<T> {
  return ssc.input<T>({ kind: 'local', name, next: (time) => draw(time / interval) })
}
