import type { AnyFunction } from 'millrace'
import '#build/ops/all.js'
import { capture } from '#build/ops/functions/capture.js'
import { FunctionResolver } from '#build/ops/functions/resolve.js'
import type { Aggregator, Plan, Sink, Step } from '#build/ops/plan.js'
import { ByteWriter } from '#build/pool/blocks/byte-writer.js'
import { decodePairs, decodeRecords, encodeRecords } from '#build/pool/blocks/records-codec.js'
import { readPart } from '#build/pool/blocks/shuffle-block.js'
import { decodeLines } from '#build/pool/blocks/text.js'
import { TextKernels } from '#build/pool/kernels/text-kernels.js'
import type { Meter } from '#build/pool/worker/operators/meter.js'
import { Rejects } from '#build/pool/worker/operators/rejects.js'
import { compileProgram } from '#build/pool/worker/operators/sinks.js'
import { ThreadPlanCompiler } from '#build/pool/worker/runtime/plans.js'
import type { Task, ThreadServices } from '#build/pool/worker/runtime/task.js'

/** One piece of input: text as it arrives, or records that are no text. */
export type Piece = Uint8Array | readonly string[]

export const kernels = TextKernels.create()!

const resolver = new FunctionResolver()

/** A step of a chain, as operators make it. */
export function step(op: Exclude<Step['op'], 'mapAsync'>, fn: AnyFunction): Step {
  return { op, fn: capture(fn, op), label: op }
}

/** An aggregator that combines before it writes. */
export function combining(fn: AnyFunction): Aggregator {
  return { mergeValue: capture(fn, 'merge'), mergeCombiners: capture(fn, 'merge'), mapSide: true, label: 'merge' }
}

/** How a task runs: with kernels, as a generated loop, or as functions composed by hand. */
export type By = 'bytes' | 'functions' | 'composed'

/** Runs one task over the pieces: what it answers, and the lines it read. */
export function runTask(steps: readonly Step[], sink: Sink, pieces: readonly Piece[], by: By) {
  const payloads = pieces.map((piece) => (piece instanceof Uint8Array ? shared(piece) : encoded(piece)))
  const scratch = new ByteWriter()
  let sealed = Buffer.alloc(0)
  const services = {
    segments: {
      open: (block: { id: number }) => payloads[block.id]!,
      read: <T>(block: { id: number }, decode: (payload: Buffer) => T) => decode(payloads[block.id]!),
    },
    codegen: by !== 'composed',
    kernels: by === 'bytes' ? kernels : undefined,
    scratch,
    resolve: (fn: Parameters<typeof resolver.resolve>[0]) => resolver.resolve(fn),
    seal: () => {
      sealed = Buffer.from(scratch.bytes())
      return { id: 0 }
    },
  } as unknown as ThreadServices
  const slices = payloads.map((payload, id) => {
    const isText = pieces[id] instanceof Uint8Array
    // The lines of every second block of text are known.
    const count = isText && payload.length % 2 === 0 ? decodeLines(payload).length : -1
    return { block: { id, codec: isText ? 'text' : 'records', length: payload.length, count } }
  })
  // A step that rejects records names the second input.
  const inputs = [
    { in: 'blocks', slices },
    { in: 'rejects', keep: 100 },
  ] as unknown as Task['inputs']
  const meter: Meter = {
    status: new Int32Array(16),
    failedAt: undefined,
    failedOn: undefined,
    rejects: new Rejects(inputs),
  }
  const task = {
    partition: 0,
    batchTime: undefined,
    inputs,
    meter,
    read: [0],
    sums: [],
    written: [],
    states: [],
    asyncResults: [],
  } as unknown as Task
  const of: Plan = { op: 'input', input: 0 }
  const plan: Plan = steps.length > 0 ? { op: 'chain', of, steps } : of
  try {
    const value = compileProgram({ plan, sink }, new ThreadPlanCompiler(services))(task)
    return { value, lines: task.read[0]!, sealed, rejects: withoutStacks(meter.rejects.report()) }
  } catch (error) {
    throw Object.assign(error as Error, { failedAt: meter.failedAt, failedOn: meter.failedOn })
  }
}

/** Frames of the engine differ between the ways. */
function withoutStacks(rejects: ReturnType<Rejects['report']>) {
  return rejects?.map((of) => ({
    ...of,
    kept: of.kept.map(({ error, ...letter }) => ({ ...letter, message: error.message })),
  }))
}

/** Counts by key, in the order in which the task gave them. */
export function counted(steps: readonly Step[], merge: AnyFunction, pieces: readonly Piece[], by: By) {
  const sink: Sink = { op: 'shuffle', partitioner: { kind: 'hash', partitions: 1 }, aggregator: combining(merge) }
  const { sealed, lines, rejects } = runTask(steps, sink, pieces, by)
  const { bytes, count } = readPart(sealed, 0)
  const { keys, values } = decodePairs(bytes)
  return { lines, rejects, count, pairs: keys.map((key, i) => [key, values[i]]) }
}

export function collected(steps: readonly Step[], pieces: readonly Piece[], by: By) {
  const { sealed, lines, rejects } = runTask(steps, { op: 'collect' }, pieces, by)
  return { lines, records: decodeRecords(sealed), rejects }
}

/** As a block has it: shared memory, the text at any place. */
function shared(bytes: Uint8Array): Buffer {
  const at = bytes.length % 13
  const buffer = Buffer.from(new SharedArrayBuffer(at + bytes.length), at)
  buffer.set(bytes)
  return buffer
}

function encoded(records: readonly string[]): Buffer {
  const writer = new ByteWriter()
  encodeRecords(writer, records)
  return Buffer.from(writer.bytes())
}

/** Returns the result of `run`, or the error that it throws. */
export function outcome(run: () => unknown): unknown {
  try {
    return run()
  } catch (error) {
    const { name, message, failedAt, failedOn } = error as Error & { failedAt?: string; failedOn?: unknown }
    return { failed: `${name}: ${message}`, failedAt, failedOn }
  }
}

/** How many lines kernels did while `run` ran, of those that might have been the function's. */
export function certainLines(run: () => unknown): number {
  const before = kernels.certainLines
  run()
  return kernels.certainLines - before
}
