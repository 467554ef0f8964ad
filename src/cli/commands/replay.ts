import inspector from 'node:inspector'
import { inspect } from 'node:util'
import { CheckpointFiles } from '../../engine/checkpoint/offline/checkpoint-files.js'
import { type ListedBatch, RecordedBatches } from '../../engine/streaming/replay/recorded-batches.js'
import type { ReplayedBatch } from '../../index.js'
import { toJson } from '../../values/json.js'
import { moduleUrl, openPipeline } from '../pipeline.js'
import type { ReplayCommand } from '../replay/arguments.js'
import { textTable } from '../text-table.js'

/** Timeout of a task: long enough for a debugger's breakpoints. */
const DEBUGGED_TASK = '24h'

/**
 * Runs a past batch again, or lists the batches. Returns false if an output's records differ from the original ones.
 */
export async function replay(command: ReplayCommand): Promise<boolean> {
  const { directory, module, batch, outputs, limit, threads, params } = command
  const files = await CheckpointFiles.open(directory)
  try {
    const recorded = await RecordedBatches.read(files)
    if (batch === undefined) {
      const all = recorded.list()
      const shown = all.slice(0, limit)
      write(command, shown, (rows) => `${listText(rows)}\n${shown.length} of ${all.length} batches; --limit shows more`)
      return true
    }
    const url = moduleUrl(module!)
    const batchInterval = recorded.batchInterval(batch)
    if (command.inspect) inspector.open(9229, '127.0.0.1', true)
    const debugged = command.inspect ? { taskTimeout: DEBUGGED_TASK } : {}
    const ssc = await openPipeline(url, { batchInterval, threads, params, spare: false, ...debugged })
    const replayed = await ssc.replay(directory, { batch, outputs, limit })
    write(command, [replayed], ([one]) => batchText(one!))
    return replayed.outputs.every(({ result }) => result !== 'different')
  } finally {
    await files.close()
  }
}

function write<T extends object>(
  { json }: ReplayCommand,
  rows: readonly T[],
  text: (rows: readonly T[]) => string,
): void {
  process.stdout.write(json ? rows.map((row) => `${toJson(row)}\n`).join('') : `${text(rows)}\n`)
}

function listText(batches: readonly ListedBatch[]): string {
  const rows = batches.map(({ time, received, digests, route, fault }) => {
    const way = route ? `from checkpoint ${route.from} ms, ${route.times.length} batches` : `no: ${fault}`
    return [String(time), new Date(time).toISOString(), received, digests, way]
  })
  return textTable(['batch (ms)', 'batch (UTC)', 'received', 'digests', 'replay'], rows)
}

function batchText({ time, checkpointTime, batches, inputs, outputs }: ReplayedBatch): string {
  const rows = outputs.map(({ label, result, digest, recorded }) => [label, result, digest ?? '', recorded ?? ''])
  const records = outputs.flatMap((output) => [
    `${output.label}:`,
    ...output.records.map((record) => `  ${shown(record)}`),
  ])
  return [
    `batch ${time} ms (${new Date(time).toISOString()}), from checkpoint ${checkpointTime} ms: ${batches} batches`,
    ...inputs.map(({ name, records: count }) => `input ${name}: ${count ?? '?'} records`),
    textTable(['output', 'records', 'digest', 'recorded'], rows),
    ...records,
  ].join('\n')
}

function shown(record: unknown): string {
  return inspect(record, { depth: 4, breakLength: Number.POSITIVE_INFINITY, maxArrayLength: 20, maxStringLength: 200 })
}
