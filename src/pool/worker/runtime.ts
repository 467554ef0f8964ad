import { FingerprintError } from '../../errors.js'
import { beginAdditions, endAdditions } from '../../ops/accumulator.js'
import { StreamBuilder } from '../../ops/dstream/builder.js'
import '../../ops/all.js'
import { FunctionResolver, type ResolveEnvironment } from '../../ops/functions/resolve.js'
import { isThenable } from '../../ops/functions/results.js'
import { buildPipeline } from '../../ops/pipeline.js'
import type { Program } from '../../ops/plan.js'
import { RddBuilder } from '../../ops/rdd/builder.js'
import { setRehearsing } from '../../ops/rehearsal.js'
import { packAnswer } from '../answer-wire.js'
import { ByteWriter } from '../blocks/byte-writer.js'
import type { BlockHandle } from '../blocks/handle.js'
import { decodeRecords } from '../blocks/records-codec.js'
import { SegmentWriter } from '../blocks/segment-writer.js'
import { writeBlock } from '../blocks/write-block.js'
import { encodeError } from '../error-wire.js'
import { TextKernels } from '../kernels/text-kernels.js'
import { importPipelineModule } from '../pipeline-module.js'
import type { AttachMessage, TaskMessage, TaskResult, WorkerBoot, WorkerControl } from '../protocol.js'
import type { WorkerRuntime } from './attach.js'
import { BlockStore } from './block-store.js'
import { CancelledJobs } from './cancellation.js'
import { Exchanged } from './exchanged.js'
import { failedRecord } from './failed-record.js'
import { armFaults, faultPoint } from './fault-points.js'
import { PlanCompiler } from './plans.js'
import { Rejects } from './rejects.js'
import { SegmentTable } from './segment-table.js'
import { type CompiledProgram, compileProgram } from './sinks.js'
import { takeLoaded } from './spilled.js'
import { MissingStateError, StateStore } from './state/store.js'
import type { Task, ThreadServices } from './task.js'

/** Loads the pipeline module, if any, checks that this thread built the driver's graph, and makes the thread ready for tasks. */
export async function createRuntime(boot: WorkerBoot, message: AttachMessage): Promise<WorkerRuntime> {
  armFaults(boot.faults)
  return new Runtime(message, boot, boot.pipeline ? await loadGraph(boot.pipeline) : {})
}

async function loadGraph({
  url,
  params,
  fingerprint,
}: NonNullable<WorkerBoot['pipeline']>): Promise<ResolveEnvironment> {
  const module = await importPipelineModule(url)
  const builder = new StreamBuilder(new RddBuilder({ parallelism: params.parallelism }), params.batchInterval)
  buildPipeline(module, url, params.params, builder)
  const mine = builder.fingerprint()
  const length = Math.max(mine.length, fingerprint.length)
  for (let i = 0; i < length; i++) {
    if (mine[i] === fingerprint[i]) continue
    throw new FingerprintError(
      `A worker built another graph from ${url} than the driver. First difference: the driver has '${fingerprint[i] ?? 'nothing more'}', the worker '${mine[i] ?? 'nothing more'}'. The pipeline function must build the same graph each time: no clock, random numbers or thread-dependent data.`,
      { url, driver: fingerprint[i], worker: mine[i] },
    )
  }
  return { table: builder.context.table, exports: module }
}

/**
 * Copies are written by a writer of their own: they are answered over the control plane, which a task's answer may
 * overtake, and then the driver would not know the segment in which the task wrote.
 */
const COPY_WRITERS = 2 ** 21

class Runtime implements WorkerRuntime {
  readonly control: WorkerControl
  readonly #vitals: Int32Array
  readonly #segments = new SegmentTable()
  readonly #writer: SegmentWriter
  readonly #scratch = new ByteWriter()
  readonly #store: BlockStore
  readonly #cancelled = new CancelledJobs()
  readonly #compiler: PlanCompiler
  readonly #programs = new Map<number, Program>()
  readonly #compiled = new Map<number, CompiledProgram>()
  readonly #broadcasts = new Map<number, { readonly block: BlockHandle; value?: unknown; read: boolean }>()

  constructor(message: AttachMessage, boot: WorkerBoot, graph: ResolveEnvironment) {
    this.#vitals = new Int32Array(message.vitals)
    this.#writer = new SegmentWriter(message.thread)
    this.#store = new BlockStore(this.#segments, new SegmentWriter(COPY_WRITERS + message.thread))
    const resolver = new FunctionResolver({ ...graph, broadcast: (id) => this.#broadcast(id) })
    let kernels: { readonly made: TextKernels | undefined } | undefined
    const services: ThreadServices = {
      segments: this.#segments,
      states: new StateStore(),
      codegen: boot.codegen,
      get kernels() {
        // Not when the thread starts: it takes 2 to 4 ms, and many threads never see text.
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
    this.#compiler = new PlanCompiler(services)
    this.control = {
      ping: () => message.thread,
      adopt: (blocks, grants, verify) => this.#store.adopt(blocks, grants, verify),
      copy: (blocks, grants) => this.#store.copy(blocks, grants),
      release: (ids, segments) => {
        this.#store.release(ids)
        this.#segments.forget(segments)
      },
      owned: () => this.#store.owned(),
      cancel: (job) => this.#cancelled.cancel(job),
    }
  }

  async run(message: TaskMessage): Promise<TaskResult> {
    this.#accept(message)
    const exchanged = message.exchange && new Exchanged(message.exchange, this.#segments, this.#vitals)
    const inputs = exchanged ? exchanged.inputs(message.inputs) : message.inputs
    if (!inputs) return { ok: 'stale' }
    const started = performance.now()
    const task: Task = {
      partition: message.task.partition,
      batchTime: message.batchTime,
      inputs,
      cancellation: this.#cancelled.begin(message.task.job),
      meter: { vitals: this.#vitals, failedAt: undefined, failedOn: undefined, rejects: new Rejects(inputs) },
      read: inputs.map(() => 0),
      sums: [],
      written: [],
      observed: [],
      settled: [],
    }
    const rehearsal = message.rehearsal === true
    setRehearsing(rehearsal)
    try {
      faultPoint('task:start')
      if (!rehearsal) task.cancellation.check()
      beginAdditions()
      const made = this.#program(message)(task)
      const value = isThenable(made) ? await task.cancellation.race(made) : made
      faultPoint('task:computed')
      const answer = packAnswer(value, this.#scratch)
      const additions = endAdditions()
      const added = additions && packAnswer(additions, this.#scratch)
      if (rehearsal) return this.#rehearsed(task, started)
      exchanged?.publish(task.written)
      for (const { block, as } of task.written) if (as !== 'collect') this.#store.adopt([block], [], false)
      const rejects = task.meter.rejects.report()
      const metrics = { read: task.read, sums: task.sums, runMs: performance.now() - started, loaded: takeLoaded() }
      const memory = this.#report()
      faultPoint('task:end')
      const observed = task.observed.length > 0 ? task.observed : undefined
      return {
        ok: true,
        answer,
        added,
        observed,
        rejects,
        written: task.written,
        took: exchanged?.took,
        memory,
        metrics,
      }
    } catch (error) {
      exchanged?.giveUp()
      const missingState = error instanceof MissingStateError
      return {
        ok: false,
        error: encodeError(error),
        label: task.meter.failedAt,
        failedOn: failedRecord(task),
        memory: this.#report(),
        missingState,
      }
    } finally {
      // What an attempt that failed has added is nothing.
      endAdditions()
      takeLoaded()
      setRehearsing(false)
      this.#cancelled.end()
    }
  }

  /** Only the memory that was written must be told. */
  #rehearsed({ written }: Task, started: number): TaskResult {
    const metrics = { read: [], runMs: performance.now() - started }
    return { ok: true, answer: { value: undefined }, written, memory: this.#report(), metrics }
  }

  #accept({ segments, lend, adopt, release, forget, broadcasts, define, undefine, program }: TaskMessage): void {
    this.#segments.add(segments)
    if (lend) {
      this.#segments.add(lend)
      this.#writer.lend(lend)
    }
    if (adopt) this.#store.adopt(adopt, [], false)
    if (release) this.#store.release(release)
    if (forget) this.#segments.forget(forget)
    for (const { id, block } of broadcasts ?? []) this.#broadcasts.set(id, { block, read: false })
    if (define) this.#programs.set(program, define)
    for (const number of undefine ?? []) {
      this.#programs.delete(number)
      this.#compiled.delete(number)
    }
  }

  #program({ program }: TaskMessage): CompiledProgram {
    let compiled = this.#compiled.get(program)
    if (!compiled) {
      compiled = compileProgram(this.#programs.get(program)!, this.#compiler)
      this.#compiled.set(program, compiled)
    }
    return compiled
  }

  /** Segments that this thread made itself are known to it like any other. */
  #report() {
    const report = this.#writer.report()
    this.#segments.add(report.created)
    return report
  }

  #broadcast(id: number): unknown {
    const entry = this.#broadcasts.get(id)!
    if (!entry.read) {
      entry.value = this.#segments.read(entry.block, decodeRecords)[0]
      entry.read = true
    }
    return entry.value
  }
}
