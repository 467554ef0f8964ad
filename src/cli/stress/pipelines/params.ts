import type { DStream, StreamBuilder } from '../../../index.js'
import type { DataSpec } from '../data.js'
import type { FaultMemory } from '../tripwire.js'

/** Parameters of the stress pipelines. */
export interface StressParams extends DataSpec {
  /** Length of a batch in ms. */
  readonly interval: number
  readonly faults: FaultMemory
}

/** The name of the stream that the command pushes to, where a pipeline has one. */
export const PUSHED = 'pushed'

/** The name of the output with the serial number of every record, and how often it was there. */
export const SERIALS = 'serials'

export function auditSerials(serials: DStream<number>): void {
  serials
    .map((serial): [number, number] => [serial, 1])
    .reduceByKey((a, b) => a + b)
    .output(SERIALS)
}

/** An input whose batch i is what `draw` answers for i: the driver asks once a batch. */
export function drawnStream<T>(
  ssc: StreamBuilder,
  name: string,
  interval: number,
  draw: (batch: number) => readonly T[],
): DStream<T> {
  return ssc.input<T>({ kind: 'local', name, next: (time) => draw(time / interval) })
}
