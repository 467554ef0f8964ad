import type { ExecutorStatus, StreamsStatus } from '../engine/status/streams-status.js'
import type { StreamingControl } from '../engine/streaming/streaming-control.js'
import type { MetricName } from './definitions.js'
import type { Labels, Recorder } from './recorder.js'

/** A value of a sampled gauge. */
export interface Sample {
  readonly name: MetricName
  readonly value: number
  readonly labels?: Labels
}

/** Reads the gauges that no event changes. Readings within one turn of the event loop share one status. */
export class Sampler {
  readonly #streams: StreamingControl
  readonly #recorder: Recorder
  #sampling: Promise<readonly Sample[]> | undefined
  #since = performance.now()

  constructor(streams: StreamingControl, recorder: Recorder) {
    this.#streams = streams
    this.#recorder = recorder
  }

  /** Returns all values; none when the streams can no longer be asked, because their driver thread has ended. */
  sample(): Promise<readonly Sample[]> {
    this.#sampling ??= this.#sample().finally(() => {
      setImmediate(() => {
        this.#sampling = undefined
      })
    })
    return this.#sampling
  }

  async #sample(): Promise<readonly Sample[]> {
    const status = await this.#streams.status().catch(() => undefined)
    if (!status) return []
    const { memory } = status
    return [
      ...(status.cluster ? this.#ofCluster(status.cluster.executors) : this.#ofThreads(status)),
      gauge('blocks', memory.blocks),
      gauge('block_bytes', memory.used, { state: 'memory' }),
      gauge('block_bytes', memory.received, { state: 'received' }),
      gauge('block_bytes', memory.spilled, { state: 'file' }),
      ...(memory.stateHeld
        ? [
            gauge('state_bytes', memory.stateHeld.memory, { state: 'memory' }),
            gauge('state_bytes', memory.stateHeld.files, { state: 'file' }),
          ]
        : []),
      gauge('arena_bytes', memory.used, { kind: 'used' }),
      gauge('arena_bytes', memory.limit, { kind: 'limit' }),
    ]
  }

  #ofThreads({ threads, options }: StreamsStatus): readonly Sample[] {
    const live = threads.filter(({ slot, state }) => slot >= 0 && state === 'ready').length
    return [
      gauge('workers', Number(options.threads)),
      gauge('workers_live', live),
      gauge('worker_busy_ratio', this.#busyRatio(live)),
    ]
  }

  #ofCluster(executors: readonly ExecutorStatus[]): readonly Sample[] {
    const total = (of: 'cores' | 'tasks' | 'processes' | 'endedProcesses') =>
      executors.reduce((sum, executor) => sum + executor[of], 0)
    return [
      gauge('executors', executors.length),
      gauge('executor_cores', total('cores')),
      gauge('executor_processes', total('processes')),
      gauge('executor_processes_ended', total('endedProcesses')),
      gauge('executor_tasks', total('tasks')),
    ]
  }

  /** A thread that waits for its next message blocks its event loop, so the times of its tasks count instead. */
  #busyRatio(threads: number): number {
    const now = performance.now()
    const elapsed = now - this.#since
    this.#since = now
    return Math.min(1, this.#recorder.takeBusyMs() / Math.max(1, elapsed * threads))
  }
}

function gauge(name: MetricName, value: number, labels?: Labels): Sample {
  return { name, value, labels }
}
