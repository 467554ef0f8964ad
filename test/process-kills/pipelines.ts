import { type DStream, StateSpec, withEnv } from 'millrace'

/** One record of an output: its batch, the output's name, a key and a number. */
export interface Row {
  readonly batch: number
  readonly output: string
  readonly key: string
  readonly value: number
}

export const INTERVAL_MS = 1000
/** Batches of a window. */
export const WINDOW = 3
/** Event time of an event window, in ms, and how late a record may be. A record is 10 ms after the one before. */
export const EVENT_WINDOW_MS = 2000
const OUT_OF_ORDER_MS = 5000

/** A record of the source: its serial number, a word, an event time. */
export const lineOf = (serial: number): string => `${serial} w${(serial * 7) % 13} ${serial * 10}`

/** The records from `from` to `to` - 1. */
export const linesOf = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, i) => lineOf(from + i))

/** The pipelines over one source. Each record of their results is a pair of key and number. */
function results(lines: DStream<string>): Record<string, DStream<[string, number]>> {
  const ones = lines.map((line): [string, number] => [line.split(' ')[1]!, 1])
  const add = (a: number, b: number) => a + b
  const [window, slide] = [WINDOW * INTERVAL_MS, INTERVAL_MS]
  const running = StateSpec.function((word: string, one: number | undefined, state) => {
    const total = ((state.getOption() as number | undefined) ?? 0) + (one ?? 0)
    state.update(total)
    return [word, total] as [string, number]
  })
  const events = lines
    .map((line): [string, number] => [line.split(' ')[1]!, Number(line.split(' ')[2])])
    .withTimestamps(([, at]) => at, { maxOutOfOrder: OUT_OF_ORDER_MS })
  return {
    plain: lines.map((line): [string, number] => [line, Number(line.split(' ')[0])]),
    counts: ones.reduceByKey(add),
    window: ones.reduceByKeyAndWindow(add, window, slide),
    inverse: ones
      .reduceByKeyAndWindow(add, window, slide, { inverse: (total, old) => total - old })
      .filter(([, n]) => n > 0),
    totals: ones.updateStateByKey<number>((values, total = 0) => values.reduce((a, b) => a + b, total)),
    running: ones.mapWithState(running) as DStream<[string, number]>,
    events: events
      .tumbling(EVENT_WINDOW_MS)
      .countByKey()
      .map(({ window: { start }, key, value }): [string, number] => [`${start} ${key}`, value]),
  }
}

/** The outputs of the pipelines over one source, by name, with the time of their batch in each record. */
export function outputsOf(lines: DStream<string>): Record<string, DStream<Row>> {
  const outputs: Record<string, DStream<Row>> = {}
  for (const [output, stream] of Object.entries(results(lines))) {
    outputs[output] = stream.transform((rdd, batch) =>
      rdd.map(withEnv({ output, batch }, ([key, value]: [string, number]): Row => ({ batch, output, key, value }))),
    )
  }
  return outputs
}
