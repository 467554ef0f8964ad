import { SourceError } from '../../../errors.js'
import type { FileSystems } from '../../../files/file-systems.js'
import { isRemote } from '../../../files/paths.js'
import { readAwaitedRanges } from '../../../files/read-awaited.js'
import type { PartitionReader, ReadContext, ReaderRef } from '../../../ops/source.js'
import { extendContext } from '../../../ops/task-context.js'
import { describe } from '../../../values/describe.js'
import { ExportLoader } from '../../export-loader.js'
import type { TaskInput } from '../../protocol.js'
import { PROGRESS } from '../../thread-status.js'
import { ReadOutcomes } from '../operators/read-outcomes.js'
import type { LocalInput, Piece } from './local-input.js'
import type { Task } from './task.js'

type PartitionInput = TaskInput & { readonly in: 'partition' }
type FilesInput = TaskInput & { readonly in: 'files' }

/**
 * Reads inputs that wait for a server before a task's program starts: partitions of direct sources, and files of remote
 * file systems. The program itself stays synchronous. A partition is held in memory while its task runs, so sources
 * plan partitions of bounded size. Only data that a reader reads without waiting arrives piece by piece.
 */
export class AwaitedInputs {
  readonly #status: Int32Array
  readonly #files: FileSystems
  readonly #loader = new ExportLoader<PartitionReader>(
    'reader',
    'read',
    'read(partition, context), which yields bytes or arrays of records',
    SourceError,
  )

  constructor(status: Int32Array, files: FileSystems) {
    this.#status = status
    this.#files = files
  }

  /**
   * Replaces the inputs of a task that wait for a server by the records that they yield. Undefined if there are none.
   */
  read(task: Task): Promise<readonly LocalInput[]> | undefined {
    const { inputs, context, cancellation } = task
    if (!inputs.some(isAwaited)) return undefined
    const failed = new AbortController()
    const signal = AbortSignal.any([context.signal, failed.signal])
    const reading = Promise.all(inputs.map((input) => this.#read(input, task, signal)))
    // If one of several partitions failed, the others are no longer needed.
    return cancellation.race(reading).finally(() => failed.abort())
  }

  #read(input: LocalInput, task: Task, signal: AbortSignal): LocalInput | Promise<LocalInput> {
    if (!isAwaited(input)) return input
    return input.in === 'partition' ? this.#partition(input, task, signal) : this.#ranges(input, signal)
  }

  async #ranges({ ranges, sum }: FilesInput, signal: AbortSignal): Promise<LocalInput> {
    const progress = () => void this.#status[PROGRESS]!++
    const read = await readAwaitedRanges(ranges, sum, { files: this.#files, signal, progress })
    return { in: 'pieces', ...read, ranges }
  }

  async #partition(
    { source, reader: ref, partition, rejects }: PartitionInput,
    { context: task, meter, inputs }: Task,
    signal: AbortSignal,
  ): Promise<LocalInput> {
    const reader = await this.#loader.load(ref)
    const policy = rejects === undefined ? undefined : inputs[rejects]
    const outcomes = policy?.in === 'rejects' && policy.outcomes ? new ReadOutcomes(source) : undefined
    const reject = (record: unknown, error: unknown) => {
      if (rejects === undefined) throw error
      meter.rejects.add(rejects, source, record, error)
      outcomes?.reject(record, error)
    }
    const context: ReadContext = extendContext(task, { options: ref.options, signal, reject })
    const soon = reader.readSync?.(partition, context)
    if (soon) {
      const checked = { [Symbol.iterator]: () => this.#checked(soon, ref) }
      return { in: 'pieces', pieces: outcomes?.of(checked) ?? checked }
    }
    const pieces: Piece[] = []
    for await (const piece of reader.read(partition, context)) {
      this.#status[PROGRESS]!++
      pieces.push(checkPiece(piece, ref))
    }
    return { in: 'pieces', pieces: outcomes ? [...outcomes.of(pieces)] : pieces }
  }

  *#checked(pieces: Iterable<unknown>, ref: ReaderRef): Generator<Piece> {
    for (const piece of pieces) {
      this.#status[PROGRESS]!++
      yield checkPiece(piece, ref)
    }
  }
}

function isAwaited(input: LocalInput): input is PartitionInput | FilesInput {
  if (input.in === 'files') return input.ranges.some(({ path }) => isRemote(path))
  return input.in === 'partition'
}

function checkPiece(piece: unknown, { module, export: name }: ReaderRef): Piece {
  if (Array.isArray(piece)) return piece
  if (piece instanceof Uint8Array) return Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength)
  throw new SourceError(
    `The reader ${name} of ${module} yielded ${describe(piece)}; it must yield a Uint8Array of text or an array of records.`,
    { details: { module, export: name } },
  )
}
