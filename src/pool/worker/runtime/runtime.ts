import { join } from 'node:path'
import { FingerprintError, StateError } from '../../../errors.js'
import type { FileSystems } from '../../../files/file-systems.js'
import type { BlockId, ThreadId } from '../../../ids.js'
import { beginAdditions, endAdditions } from '../../../ops/accumulator.js'
import { StreamBuilder } from '../../../ops/dstream/builder.js'
import { StreamGraph } from '../../../ops/dstream/graph.js'
import '../../../ops/all.js'
import { intrinsicsIntact } from '../../../ops/functions/meaning/intrinsics.js'
import { FunctionResolver, type ResolveEnvironment } from '../../../ops/functions/resolve.js'
import { isThenable } from '../../../ops/functions/results.js'
import { FunctionTable } from '../../../ops/functions/table.js'
import { buildPipeline } from '../../../ops/pipeline.js'
import type { Program } from '../../../ops/plan.js'
import { RddBuilder } from '../../../ops/rdd/builder.js'
import { RddContext } from '../../../ops/rdd/context.js'
import { type Answer, packAnswer } from '../../answer-wire.js'
import { ByteWriter } from '../../blocks/byte-writer.js'
import type { BlockHandle } from '../../blocks/handle.js'
import { decodeRecords } from '../../blocks/records-codec.js'
import { SegmentWriter } from '../../blocks/segment-writer.js'
import { writeBlock } from '../../blocks/write-block.js'
import { copyWriterOf } from '../../blocks/writers.js'
import { claim } from '../../claims.js'
import { encodeError } from '../../error-wire.js'
import { TextKernels } from '../../kernels/text-kernels.js'
import { openFileSystems } from '../../open-file-systems.js'
import { importModule } from '../../pipeline-module.js'
import type { AttachMessage, TaskInput, TaskMessage, TaskResult, WorkerBoot, WorkerControl } from '../../protocol.js'
import { failedRecord } from '../operators/failed-record.js'
import { OperationSample } from '../operators/operation-sample.js'
import { Rejects } from '../operators/rejects.js'
import { type CompiledProgram, compileProgram } from '../operators/sinks.js'
import { StateSpill } from '../state/state-spill.js'
import { MissingStateError, StateStore } from '../state/store.js'
import { KeptPartners } from '../tables/kept-partners.js'
import type { WorkerRuntime } from './attach.js'
import { AwaitedInputs } from './awaited-inputs.js'
import { BlockStore } from './block-store.js'
import { CancelledJobs } from './cancellation.js'
import { Exchanged } from './exchanged.js'
import { armFaults, faultPoint } from './fault-points.js'
import { ThreadPlanCompiler } from './plans.js'
import { SegmentTable } from './segment-table.js'
import { takeLoaded } from './spilled.js'
import type { Task, ThreadServices } from './task.js'
import { RunningTaskContext } from './task-context.js'
import { ThreadResources } from './thread-resources.js'
import { setWarmUp } from './warm-up.js'

/**
 * Loads the pipeline module, if any, checks that this thread built the driver's graph, and makes the thread ready for
 * tasks.
 */
export async function createRuntime(boot: WorkerBoot, message: AttachMessage): Promise<WorkerRuntime> {
  armFaults(boot.faults)
  const files = openFileSystems(boot.fileSystems)
  return new Runtime(message, boot, files, boot.pipeline ? await loadGraph(boot.pipeline, files) : {})
}

async function loadGraph(
  { url, params, fingerprint }: NonNullable<WorkerBoot['pipeline']>,
  files: FileSystems,
): Promise<ResolveEnvironment> {
  const module = await importModule(url)
  const context = new RddContext({
    parallelism: params.parallelism,
    table: new FunctionTable({ reads: false }),
    files,
  })
  const graph = new StreamGraph({ context, batchInterval: params.batchInterval })
  buildPipeline(module, url, params.params, new StreamBuilder(new RddBuilder(context), graph))
  const mine = graph.fingerprint()
  const length = Math.max(mine.length, fingerprint.length)
  for (let i = 0; i < length; i++) {
    if (mine[i] === fingerprint[i]) continue
    throw new FingerprintError(
      `A worker built another graph from ${url} than the driver. First difference: the driver has '${fingerprint[i] ?? 'nothing more'}', the worker '${mine[i] ?? 'nothing more'}'. The pipeline function must build the same graph each time: no clock, random numbers or thread-dependent data.`,
      { url, driver: fingerprint[i], worker: mine[i] },
    )
  }
  return { table: context.table, exports: module }
}

class Runtime implements WorkerRuntime {
  readonly control: WorkerControl
  readonly #status: Int32Array
  readonly #segments = new SegmentTable()
  readonly #writer: SegmentWriter
  readonly #scratch = new ByteWriter()
  readonly #store: BlockStore
  readonly #cancelled = new CancelledJobs()
  readonly #files: FileSystems
  readonly #awaited: AwaitedInputs
  readonly #resources: ThreadResources
  readonly #compiler: ThreadPlanCompiler
  readonly #programs = new Map<number, Program>()
  readonly #compiled = new Map<number, CompiledProgram>()
  readonly #states: StateStore
  readonly #kept = new KeptPartners()
  readonly #broadcasts = new Map<number, { readonly block: BlockHandle; value?: unknown; read: boolean }>()

  constructor(message: AttachMessage, boot: WorkerBoot, files: FileSystems, graph: ResolveEnvironment) {
    this.#status = new Int32Array(message.status)
    this.#states = stateStore(boot, message.thread)
    this.#resources = new ThreadResources(this.#status)
    this.#files = files
    this.#awaited = new AwaitedInputs(this.#status, files)
    this.#writer = new SegmentWriter(message.thread)
    // Uses a separate writer, because a task's answer may overtake that of a copy, which comes over the control plane.
    // The driver would then not know the segment of the task's blocks.
    this.#store = new BlockStore(this.#segments, new SegmentWriter(copyWriterOf(message.thread)))
    const resolver = new FunctionResolver({ ...graph, broadcast: (id) => this.#broadcast(id) })
    let kernels: { readonly made: TextKernels | undefined } | undefined
    const services: ThreadServices = {
      segments: this.#segments,
      states: this.#states,
      kept: this.#kept,
      codegen: boot.codegen,
      writesPieces: boot.writesPieces === true,
      get kernels() {
        // Created on first use, because it takes 2 to 4 ms and many threads never read text.
        kernels ??= { made: TextKernels.create() }
        return kernels.made
      },
      scratch: this.#scratch,
      resolve: (fn) => resolver.resolve(fn),
      seal: (codec, count, lifetime) => {
        faultPoint('block:unsealed')
        const block = writeBlock(this.#writer, this.#scratch.bytes(), { codec, count, lifetime })
        faultPoint('block:sealed')
        return block
      },
    }
    this.#compiler = new ThreadPlanCompiler(services)
    this.control = {
      ping: () => message.thread,
      adopt: (blocks, grants, verify) => this.#store.adopt(blocks, grants, verify),
      copy: (blocks, grants) => this.#store.copy(blocks, grants),
      release: (ids, segments) => {
        this.#release(ids)
        this.#segments.forget(segments)
      },
      owned: () => this.#store.owned(),
      cancel: (job) => this.#cancelled.cancel(job),
      closeResources: () => this.#resources.close(),
    }
  }

  async run(message: TaskMessage): Promise<TaskResult> {
    this.#accept(message)
    if (!claim(this.#status)) return { ok: 'stale' }
    const exchanged = message.exchange && new Exchanged(message.exchange, this.#segments, this.#status)
    const inputs = exchanged ? exchanged.inputs(message.inputs) : message.inputs
    if (!inputs) {
      // Readers of its own output need not wait.
      exchanged?.abandon()
      return { ok: 'stale' }
    }
    const started = performance.now()
    const task = this.#task(message, inputs)
    const warmUp = message.warmUp === true
    setWarmUp(warmUp)
    try {
      faultPoint('task:start')
      if (warmUp) checkIntrinsics()
      else task.cancellation.check()
      // Synchronous for all other inputs, because an await would cost each small task a turn of the event loop.
      const reading = this.#awaited.read(task)
      if (reading) task.inputs = await reading
      beginAdditions()
      const made = this.#program(message)(task)
      const value = isThenable(made) ? await task.cancellation.race(made) : made
      faultPoint('task:computed')
      const answer = packAnswer(value, this.#scratch)
      const additions = endAdditions()
      const added = additions && packAnswer(additions, this.#scratch)
      return warmUp ? this.#warmedUp(task, started) : this.#finished(task, { answer, added }, exchanged, started)
    } catch (error) {
      exchanged?.abandon()
      return this.#failed(task, error)
    } finally {
      // Additions of a failed attempt do not count.
      endAdditions()
      takeLoaded()
      setWarmUp(false)
      this.#cancelled.end()
    }
  }

  #task({ task: { partition, job }, batchTime, sample }: TaskMessage, inputs: readonly TaskInput[]): Task {
    const cancellation = this.#cancelled.begin(job)
    return {
      partition,
      batchTime,
      inputs,
      cancellation,
      context: new RunningTaskContext(partition, batchTime, cancellation, this.#resources, this.#files),
      meter: {
        status: this.#status,
        failedAt: undefined,
        failedOn: undefined,
        rejects: new Rejects(inputs),
        sample: sample ? new OperationSample() : undefined,
      },
      read: inputs.map(() => 0),
      sums: [],
      written: [],
      observed: [],
      states: [],
      asyncResults: [],
    }
  }

  /** Publishes what the task wrote, and reports everything that it did. */
  #finished(
    { written, read, sums, observed, states, meter }: Task,
    answers: { readonly answer: Answer; readonly added: Answer | undefined },
    exchanged: Exchanged | undefined,
    started: number,
  ): TaskResult {
    exchanged?.publish(written)
    for (const { block, as } of written) if (as !== 'collect') this.#store.adopt([block], [], false)
    const rejects = meter.rejects.report()
    const stateFaults = this.#states.settle()
    const runMs = performance.now() - started
    const metrics = { read, sums, runMs, operations: meter.sample?.report(runMs), loaded: takeLoaded() }
    const memory = this.#report()
    faultPoint('task:end')
    return {
      ok: true,
      ...answers,
      observed: observed.length > 0 ? observed : undefined,
      states: states.length > 0 ? states : undefined,
      stateFaults,
      stateHeld: this.#states.takeSizes(),
      rejects,
      written,
      took: exchanged?.took,
      memory,
      metrics,
    }
  }

  #failed(task: Task, error: unknown): TaskResult {
    return {
      ok: false,
      error: encodeError(error),
      label: task.meter.failedAt,
      failedOn: failedRecord(task),
      memory: this.#report(),
      missingState: error instanceof MissingStateError,
      stateFaults: this.#states.settle(),
      stateHeld: this.#states.takeSizes(),
    }
  }

  /** Reports nothing but the memory that a warm-up copy wrote. */
  #warmedUp({ written }: Task, started: number): TaskResult {
    const metrics = { read: [], runMs: performance.now() - started }
    return { ok: true, answer: { value: undefined }, written, memory: this.#report(), metrics }
  }

  #accept({
    segments,
    lend,
    adopt,
    release,
    forget,
    broadcasts,
    dropStates,
    define,
    undefine,
    program,
  }: TaskMessage): void {
    this.#segments.add(segments)
    if (lend) {
      this.#segments.add(lend)
      this.#writer.lend(lend)
    }
    if (adopt) this.#store.adopt(adopt, [], false)
    if (release) this.#release(release)
    if (forget) this.#segments.forget(forget)
    for (const { operator, partition } of dropStates ?? []) this.#states.delete(operator, partition)
    for (const { id, block } of broadcasts ?? []) this.#broadcasts.set(id, { block, read: false })
    if (define) this.#programs.set(program, define)
    for (const number of undefine ?? []) {
      this.#programs.delete(number)
      this.#compiled.delete(number)
    }
  }

  #release(ids: readonly BlockId[]): void {
    this.#store.release(ids)
    this.#kept.release(ids)
    for (const [id, { block }] of this.#broadcasts) if (ids.includes(block.id)) this.#broadcasts.delete(id)
  }

  #program({ program }: TaskMessage): CompiledProgram {
    let compiled = this.#compiled.get(program)
    if (!compiled) {
      compiled = compileProgram(this.#programs.get(program)!, this.#compiler)
      this.#compiled.set(program, compiled)
    }
    return compiled
  }

  /** Reports changed segments, and registers new ones in this thread too. */
  #report() {
    const report = this.#writer.report()
    this.#segments.add(report.created)
    return report
  }

  #broadcast(id: number): unknown {
    const entry = this.#broadcasts.get(id)
    // Only a call that runs on after its task has ended comes here.
    if (!entry) throw new StateError(`Broadcast variable ${id} was freed, and its task has ended.`)
    if (!entry.read) {
      entry.value = this.#segments.read(entry.block, decodeRecords)[0]
      entry.read = true
    }
    return entry.value
  }
}

/** Refuses a warm-up copy if the pipeline module has replaced parts of the language, which its functions may call. */
function checkIntrinsics(): void {
  if (intrinsicsIntact()) return
  throw new StateError('A warm-up copy does not run in a thread whose built-in objects were changed.')
}

function stateStore({ stateSpill }: WorkerBoot, thread: ThreadId): StateStore {
  return new StateStore(
    stateSpill && new StateSpill({ share: stateSpill.share, folder: join(stateSpill.folder, `${thread}`) }),
  )
}
