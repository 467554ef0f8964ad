import type { Socket } from 'node:net'
import type { BlockHandle } from '../../pool/blocks/handle.js'
import { HEADER_BYTES, unpackHead, type WireHead } from '../block-wire.js'
import { intBytes, type SocketReader } from '../socket-reader.js'
import type { TaskMemory } from './task-memory.js'

/** A task as the executor sends it. */
export interface TaskFrame {
  readonly program: number
  /** The serialized program; empty if the process has it. */
  readonly define: Buffer
  readonly partition: number
  /** The serialized `TaskInputs`. */
  readonly inputs: Buffer
  /** Broadcast variables that the process lacks: the encoded value. */
  readonly broadcasts: readonly { readonly id: number; readonly payload: Buffer }[]
  readonly reads: readonly ReadFrame[]
}

/** A partition of another RDD that a task reads, for an input. */
export type ReadFrame = { readonly input: number } & (DataFrame | StateFrame)

/** Records of a dataset or parts of a shuffle, in any order. They are in the memory of the task already. */
export interface DataFrame {
  readonly kind: 'records' | 'shuffle'
  readonly blocks: readonly { readonly map: number; readonly block: BlockHandle }[]
}

/** The chain of a version of state. */
export interface StateFrame {
  readonly kind: 'state'
  /** The name of the last snapshot of the chain. */
  readonly last: string
  /** Whether this process has the state as of that snapshot. There are no blocks then. */
  readonly isHot: boolean
  /** Whether this process shall hold the state that it rebuilds. */
  readonly isHeld: boolean
  readonly blocks: readonly Buffer[]
}

const KINDS = ['records', 'shuffle', 'state'] as const

/** A block that a task wrote, for a reduce partition or, with `RESULT`, for the driver. */
export interface KeyedBlock {
  readonly key: number
  /** Parts that follow one another. They may be shared memory that the next task writes into. */
  readonly block: readonly Buffer[]
}

export const RESULT = -1
/** The key of a block with the late records of a version of state. */
export const LATE = -4

/** Reads the next task, and what it reads into `memory`; undefined once the executor has closed the connection. */
export async function readTask(reader: SocketReader, memory: TaskMemory): Promise<TaskFrame | undefined> {
  const first = await reader.read(4)
  if (!first) return undefined
  const define = await reader.bytes()
  const partition = await reader.int()
  const inputs = await reader.bytes()
  const broadcasts = await list(reader, async () => ({ id: await reader.int(), payload: await reader.bytes() }))
  const reads = await list(reader, async () => {
    const input = await reader.int()
    const kind = KINDS[await reader.int()]!
    if (kind === 'state') return { input, ...(await readState(reader)) }
    const next = () => readBlock(reader, memory, kind)
    return {
      input,
      kind,
      blocks: await (kind === 'shuffle' ? untilEnd(next) : list(reader, async () => (await next())!)),
    }
  })
  return { program: first.readInt32BE(0), define, partition, inputs, broadcasts, reads }
}

async function readState(reader: SocketReader): Promise<StateFrame> {
  const last = (await reader.bytes()).toString()
  const [isHot, isHeld] = [await reader.flag(), await reader.flag()]
  return { kind: 'state', last, isHot, isHeld, blocks: await list(reader, () => reader.bytes()) }
}

type DataBlock = DataFrame['blocks'][number]

/** Reads a block into the memory of the task, without a copy; undefined after the last one of a shuffle. */
async function readBlock(
  reader: SocketReader,
  memory: TaskMemory,
  kind: DataFrame['kind'],
): Promise<DataBlock | undefined> {
  const length = await reader.int()
  if (length < 0) return undefined
  const { map, count }: WireHead = unpackHead(await reader.rest(HEADER_BYTES))
  const block = await memory.receive(kind, count, length - HEADER_BYTES, (payload) => reader.fill(payload))
  return { map, block }
}

/** The executor sends blocks of a shuffle as they arrive, so their number is not known before. */
async function untilEnd(next: () => Promise<DataBlock | undefined>): Promise<DataBlock[]> {
  const all: DataBlock[] = []
  for (let block = await next(); block; block = await next()) all.push(block)
  return all
}

async function list<T>(reader: SocketReader, next: () => Promise<T>): Promise<T[]> {
  const all: T[] = []
  for (let n = await reader.int(); n > 0; n--) all.push(await next())
  return all
}

/**
 * How a task ended. `failed-finally`: a repetition cannot succeed. `failed-with-process`: the process ends with it. The index is what
 * the executor reads.
 */
const OUTCOMES = ['failed', 'succeeded', 'failed-finally', 'failed-with-process'] as const

export interface TaskAnswer {
  readonly outcome: (typeof OUTCOMES)[number]
  /** A serialized TaskReport or TaskFailure; empty if there is nothing to report. */
  readonly report: Buffer
  readonly blocks: readonly KeyedBlock[]
  /** Names of partitions of state that the process holds no longer. */
  readonly dropped: readonly string[]
}

/** The executor sends the next task after it has read all of the answer. */
export function writeAnswer(socket: Socket, { outcome, report, blocks, dropped }: TaskAnswer): void {
  socket.cork()
  socket.write(Buffer.of(OUTCOMES.indexOf(outcome)))
  socket.write(intBytes(report.length))
  socket.write(report)
  socket.write(intBytes(dropped.length))
  for (const name of dropped) {
    socket.write(intBytes(name.length))
    socket.write(name, 'latin1')
  }
  socket.write(intBytes(blocks.length))
  for (const { key, block } of blocks) {
    socket.write(intBytes(key))
    socket.write(intBytes(block.reduce((sum, { length }) => sum + length, 0)))
    for (const part of block) socket.write(part)
  }
  socket.uncork()
}
