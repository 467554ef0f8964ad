import { deserialize, serialize } from 'node:v8'
import { FileChangedError } from '../../errors.js'
import type { Program } from '../../ops/plan.js'
import type { BlockCodec, BlockHandle } from '../../pool/blocks/handle.js'
import { readPart } from '../../pool/blocks/shuffle-block.js'
import { offer } from '../../pool/claims.js'
import { decodeError, type WireError } from '../../pool/error-wire.js'
import { PROTOCOL, type TaskInput, type TaskMessage, type TaskResult, type WorkerBoot } from '../../pool/protocol.js'
import type { WorkerRuntime } from '../../pool/worker/runtime/attach.js'
import { createRuntime } from '../../pool/worker/runtime/runtime.js'
import { isFinal } from '../../values/is-final.js'
import { packBlock } from '../block-wire.js'
import type { StageInput, StateStageInput, TaskFailure, TaskInputs, TaskReport } from '../stage-input.js'
import { type BlockAddress, BlockLink } from './block-link.js'
import { StateHost } from './state-host.js'
import {
  type DataFrame,
  type KeyedBlock,
  LATE,
  RESULT,
  type ReadFrame,
  type StateFrame,
  type TaskAnswer,
  type TaskFrame,
} from './task-frames.js'
import { RUNTIME, type TaskMemory } from './task-memory.js'

/** Runs the tasks of an executor in the worker's runtime, as the driver of a single thread would. */
export class TaskHost {
  readonly #runtime: WorkerRuntime
  readonly #status: Int32Array
  readonly #link: BlockLink
  readonly #memory: TaskMemory
  readonly #states = new StateHost()
  #moved: ReturnType<StateHost['moved']> = []
  /** Programs that deal records evenly to the partitions of a shuffle. */
  readonly #dealing = new Set<number>()

  private constructor(runtime: WorkerRuntime, status: Int32Array, memory: TaskMemory, link: BlockLink) {
    this.#runtime = runtime
    this.#memory = memory
    this.#link = link
    this.#status = status
  }

  /**
   * `status`: counts the progress of tasks, see thread-status.ts. `memory`: where tasks have what they read. `blocks`: where the driver
   * serves received data.
   */
  static async open(boot: WorkerBoot, status: Int32Array, memory: TaskMemory, blocks: BlockAddress): Promise<TaskHost> {
    const own = { ...boot, writesPieces: true }
    const attach = { type: 'attach', protocol: PROTOCOL, thread: RUNTIME, status: status.buffer, boot: own } as const
    // No control plane: what a driver would call over it, such as cancelling, ends this process instead.
    const control = undefined as never
    const runtime = await createRuntime(own, { ...attach, status: status.buffer as SharedArrayBuffer, control })
    return new TaskHost(runtime, status, memory, new BlockLink(blocks))
  }

  async run(frame: TaskFrame): Promise<TaskAnswer> {
    const { inputs: wanted, batchTime } = deserialize(frame.inputs) as TaskInputs
    const inputs = await this.#inputs(wanted, frame.reads)
    const broadcasts = frame.broadcasts.map(({ id, payload }) => ({
      id,
      block: this.#memory.put('records', 1, payload, true),
    }))
    const define = frame.define.length > 0 ? (deserialize(frame.define) as Program) : undefined
    if (define?.sink.op === 'shuffle' && define.sink.partitioner.kind === 'deal') this.#dealing.add(frame.program)
    const message: TaskMessage = {
      task: { job: 0, stage: 0, partition: frame.partition, attempt: 0 },
      batchTime,
      program: frame.program,
      define,
      inputs,
      broadcasts,
      dropStates: this.#moved,
      ...this.#memory.grants(),
    }
    offer(this.#status, 1)
    const result = await this.#runtime.run(message)
    if (result.ok === 'stale') throw new Error('a task was taken back, which only a driver of threads does')
    const answer = result.ok ? this.#succeeded(frame, wanted, result) : this.#failed(result)
    // The executor knows it before the next task, which drops them.
    this.#moved = this.#states.moved()
    return { ...answer, dropped: this.#moved.map(({ name }) => name) }
  }

  async #inputs(wanted: readonly StageInput[], reads: readonly ReadFrame[]): Promise<TaskInput[]> {
    const frames = new Map(reads.map((read) => [read.input, read]))
    const inputs: TaskInput[] = []
    for (const [i, input] of wanted.entries()) inputs.push(await this.#input(input, frames.get(i)))
    return inputs
  }

  #input(input: StageInput, read: ReadFrame | undefined): TaskInput | Promise<TaskInput> {
    switch (input.in) {
      case 'values':
        return blocksInput([this.#memory.put('records', input.count, input.payload)])
      case 'pull':
        return this.#link.pull(input.slices, this.#memory).then(blocksInput)
      case 'state':
        if (input.restored) return this.#restored(input, input.restored)
        return this.#states.input(input, read as StateFrame | undefined, ({ codec, count, payload }) =>
          this.#memory.put(codec, count, payload),
        )
      case 'read':
        return readInput(read as DataFrame)
      default:
        return input
    }
  }

  async #restored(input: StateStageInput, { keys, snapshots }: NonNullable<StateStageInput['restored']>) {
    const blocks = await this.#link.pull([...keys, ...snapshots], this.#memory)
    return this.#states.restored(input, blocks.slice(0, keys.length), blocks.slice(keys.length))
  }

  #succeeded(
    { program, partition: map }: TaskFrame,
    wanted: readonly StageInput[],
    result: TaskResult & { ok: true },
  ): Omit<TaskAnswer, 'dropped'> {
    const written = result.written.map(({ block }) => block)
    this.#memory.ended(result.memory, written)
    const blocks: KeyedBlock[] = []
    for (const each of result.written) {
      const { as, block } = each
      const payload = this.#memory.bytesOf(block)
      if (as === 'snapshot' || as === 'keys') blocks.push(this.#states.packed(map, each, payload))
      else if (as === 'late') blocks.push({ key: LATE, block: packBlock({ map, ...recordsOf(block), payload }) })
      else if (as === 'shuffle') blocks.push(...partsOf(map, payload, this.#dealing.has(program)))
      else blocks.push({ key: RESULT, block: packBlock({ map, ...recordsOf(block), payload }) })
    }
    this.#memory.free(written)
    if (!blocks.some(({ key }) => key === RESULT) && !result.written.some(({ as }) => as === 'shuffle')) {
      const payload = serialize(result.answer)
      blocks.push({ key: RESULT, block: packBlock({ map, count: 1, codec: 'answer', payload }) })
    }
    return { outcome: 'succeeded', report: this.#reportOf(wanted, result), blocks }
  }

  #reportOf(
    wanted: readonly StageInput[],
    { added, rejects, states = [], observed = [], metrics }: TaskResult & { ok: true },
  ): Buffer {
    const readsSources = wanted.some((input) => input.in === 'files' || input.in === 'partition')
    if (!added && !rejects && !readsSources && states.length === 0 && observed.length === 0) return Buffer.alloc(0)
    const { read, sums = [] } = metrics
    const report: TaskReport = { added, rejects, sums, read: readsSources ? read : [], states, observed }
    return serialize(report)
  }

  #failed({ error, label, failedOn, memory }: TaskResult & { ok: false }): Omit<TaskAnswer, 'dropped'> {
    this.#memory.ended(memory, [])
    const failure: TaskFailure = { error, label, failedOn }
    return { outcome: isFinalFailure(error) ? 'failed-finally' : 'failed', report: serialize(failure), blocks: [] }
  }
}

function blocksInput(blocks: readonly BlockHandle[]): TaskInput {
  return { in: 'blocks', slices: blocks.map((block) => ({ block })) }
}

function readInput({ kind, blocks }: DataFrame): TaskInput {
  if (kind === 'records') return blocksInput(blocks.map(({ block }) => block))
  // Spark fetches them in any order. Records keep the order of their map partitions.
  const outputs = [...blocks].sort((a, b) => a.map - b.map).map(({ block }) => block)
  return { in: 'shuffle', outputs, partition: 0 }
}

/** Whether further attempts would fail too, as the scheduler of threads decides it. */
function isFinalFailure(wire: WireError): boolean {
  const error = decodeError(wire)
  return error instanceof FileChangedError || isFinal(error)
}

function recordsOf({ count, codec }: BlockHandle): { readonly count: number; readonly codec: BlockCodec } {
  return { count, codec }
}

/**
 * The parts of a shuffle block that have records, each as a block of its reduce partition. Every task deals its records from part 0 on. In
 * threads, readers rotate the parts by the counts of earlier outputs, which a task here cannot know: it rotates by its own number.
 */
function partsOf(map: number, all: Buffer, dealing: boolean): KeyedBlock[] {
  const blocks: KeyedBlock[] = []
  const parts = all.readUInt32LE(0)
  for (let part = 0; part < parts; part++) {
    const { bytes, count } = readPart(all, part)
    const key = dealing ? (part + map) % parts : part
    if (bytes.length === 0) continue
    const [head, payload] = packBlock({ map, count, codec: 'shuffle', payload: bytes })
    blocks.push({ key, block: [head, tableOfOne(count, bytes), payload] })
  }
  return blocks
}

/** The table of a shuffle block with one part, see ShuffleBlockWriter. */
function tableOfOne(count: number, part: Buffer): Buffer {
  const table = Buffer.alloc(16)
  table.writeUInt32LE(1, 0)
  table.writeUInt32LE(16, 4)
  table.writeUInt32LE(part.length, 8)
  table.writeUInt32LE(count, 12)
  return table
}
