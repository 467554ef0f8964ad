import { inspect } from 'node:util'
import { CheckpointFiles } from '../../engine/checkpoint/offline/checkpoint-files.js'
import { readState } from '../../engine/checkpoint/offline/read-state.js'
import { toJson } from '../../values/json.js'
import type { CheckpointCommand } from '../checkpoint/arguments.js'
import { differences } from '../checkpoint/difference.js'
import { operationsOf, sizeOf } from '../checkpoint/summary.js'
import { textTable } from '../text-table.js'

/** Writes rows as JSON, one object per line, or as a text table. */
type Write = (rows: readonly object[], text: () => string) => void

/** Shows the content of a checkpoint directory. Returns false if it contains damage. */
export async function checkpoint(command: CheckpointCommand): Promise<boolean> {
  const write: Write = (rows, text) => {
    process.stdout.write(command.json ? rows.map((row) => `${toJson(row)}\n`).join('') : `${text()}\n`)
  }
  const files = await CheckpointFiles.open(command.directory)
  try {
    if (command.action === 'ls') return await list(files, false, write)
    if (command.action === 'verify') return await list(files, true, write)
    if (command.action === 'show')
      await (command.uid === undefined ? show(files, command, write) : entries(command, write))
    else await diff(files, command, write)
    return true
  } finally {
    await files.close()
  }
}

/** A checkpoint. `fault` says why it cannot be read. */
interface Row {
  readonly time: number
  readonly term: number
  readonly name: string
  readonly bytes: number
  readonly operations: number
  readonly ended: boolean
  readonly fault?: string
}

/** Lists the checkpoints, the newest first. With `verify`, also reads and checks their blocks. */
async function list(files: CheckpointFiles, verify: boolean, write: Write): Promise<boolean> {
  const rows: Row[] = []
  for (const file of await files.list()) {
    const { time, term, name } = file
    try {
      const read = await files.read(file)
      if (verify) await files.blocks(read)
      const operations = read.operations.length
      rows.push({ time, term, name, bytes: sizeOf(read), operations, ended: read.ended })
    } catch (error) {
      rows.push({ time, term, name, bytes: 0, operations: 0, ended: false, fault: (error as Error).message })
    }
  }
  const good = verify ? 'complete' : 'readable'
  write(rows, () => {
    const cells = rows.map(({ time, term, bytes, operations, ended, fault }) => {
      return [String(time), dateOf(time), String(term), bytes, operations, fault ?? (ended ? `${good}, stopped` : good)]
    })
    return textTable(['batch (ms)', 'batch (UTC)', 'owner', 'bytes', 'operations', 'status'], cells)
  })
  return !verify || rows.every(({ fault }) => fault === undefined)
}

async function show(files: CheckpointFiles, { at }: CheckpointCommand, write: Write): Promise<void> {
  const { checkpoint: found, bytesOf } = await files.find(at)
  const { time, zeroTime, batchInterval, ended } = found
  const operations = operationsOf(found, bytesOf)
  write([{ time, zeroTime, batchInterval, ended, operations }], () => {
    const rows = operations.map(({ uid, form, partitions, keys, bytes, datasets, position }) => {
      return [uid, form, partitions, keys, datasets, bytes, position === undefined ? '' : short(position)]
    })
    return [
      `batch ${time} ms (${dateOf(time)}), zero time ${zeroTime} ms, batches of ${batchInterval} ms${ended ? ', stopped after it' : ''}`,
      textTable(['uid', 'form', 'partitions', 'keys', 'datasets', 'bytes', 'position'], rows),
    ].join('\n')
  })
}

async function entries({ directory, uid, at, limit }: CheckpointCommand, write: Write): Promise<void> {
  const rows: { readonly key: unknown; readonly state: unknown }[] = []
  for await (const [key, state] of readState(directory, uid!, at === undefined ? {} : { at })) {
    if (rows.length >= limit) break
    rows.push({ key, state })
  }
  write(rows, () =>
    textTable(
      ['key', 'state'],
      rows.map(({ key, state }) => [short(key), short(state)]),
    ),
  )
}

/** Compares two checkpoints: those with the given batch times, or the two newest. */
async function diff(files: CheckpointFiles, command: CheckpointCommand, write: Write): Promise<void> {
  const to = await files.find(command.to)
  const earlier = (await files.list()).find(({ time }) => time < to.checkpoint.time)
  const from = await files.find(command.from ?? earlier?.time ?? to.checkpoint.time)
  const rows = differences(from, to, command.uid === undefined ? 0 : command.limit)
    .filter(({ uid }) => command.uid === undefined || uid === command.uid)
    .map((row) => ({ from: from.checkpoint.time, to: to.checkpoint.time, ...row }))
  write(rows, () => {
    const table = textTable(
      ['uid', 'added', 'removed', 'changed', 'same'],
      rows.map(({ uid, added, removed, changed, same }) => [uid, added, removed, changed, same]),
    )
    const changes = rows.flatMap((row) => row.changes)
    const heading = `from batch ${from.checkpoint.time} ms to batch ${to.checkpoint.time} ms`
    const keys = textTable(
      ['key', 'before', 'after'],
      changes.map((change) => [
        short(change.key),
        ...(['before', 'after'] as const).map((side) => (side in change ? short(change[side]) : '')),
      ]),
    )
    return [heading, table, ...(changes.length > 0 ? ['', keys] : [])].join('\n')
  })
}

function dateOf(time: number): string {
  return new Date(time).toISOString()
}

function short(value: unknown): string {
  const text = inspect(value, {
    depth: 4,
    breakLength: Number.POSITIVE_INFINITY,
    maxArrayLength: 10,
    maxStringLength: 80,
  })
  return text.length > 120 ? `${text.slice(0, 119)}…` : text
}
