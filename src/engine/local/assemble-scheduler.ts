import type { FunctionResolver } from '../../ops/functions/resolve.js'
import type { RddContext } from '../../ops/rdd/context.js'
import type { WorkerBoot } from '../../pool/protocol.js'
import type { ThreadPool } from '../../pool/thread-pool.js'
import type { ContextSettings } from '../options.js'
import { PoolRestoration } from '../recovery/pool-restoration.js'
import { TakeOver } from '../recovery/take-over.js'
import { ThreadChanges } from '../recovery/thread-changes.js'
import { CopyPolicy } from '../scheduler/copies/repeatable.js'
import { DagScheduler } from '../scheduler/dag-scheduler.js'
import { EventLoop } from '../scheduler/event-loop.js'
import { FileInputs } from '../scheduler/file-inputs.js'
import { Exchanges } from '../scheduler/pipelined/exchange.js'
import { PipelinedStages } from '../scheduler/pipelined/pipelined-stages.js'
import { TaskScheduler } from '../scheduler/task-scheduler.js'
import { Replication } from '../storage/replication.js'
import type { Storage } from './assemble-storage.js'
import { openPool } from './open-pool.js'
import { TaskCompletion } from './task-completion.js'

/** The parts that run jobs, which the first action creates. */
export interface Running {
  readonly pool: ThreadPool
  readonly loop: EventLoop
  readonly dag: DagScheduler
  readonly replication: Replication
}

/** Opens the pool, and connects the schedulers with it and with the storage. */
export async function assembleScheduler(
  options: ContextSettings,
  storage: Storage,
  context: RddContext,
  resolver: FunctionResolver,
  pipeline: WorkerBoot['pipeline'],
  closing: AbortSignal,
): Promise<Running> {
  const { events, blocks, segments, versions, threads, port } = storage
  const { logger, spare, warmUp, taskTimeoutMs, speculation, maxFailures, deadLetterLimit, maxResultBytes } = options
  const policy = warmUp === false ? undefined : new CopyPolicy(warmUp, (ref) => resolver.resolve(ref))
  const scheduler = new TaskScheduler({
    taskTimeoutMs,
    speculation,
    policy,
    warmUp: spare,
    broadcasts: storage.broadcasts,
    observer: events,
  })
  const restoration = new PoolRestoration(events, logger)
  const changes = new ThreadChanges({ ...storage, programs: scheduler.programs, restoration })
  const pool = await openPool(options, pipeline, storage.stateSpills.boot, changes, closing)
  threads.opened(pool)
  const loop = new EventLoop(scheduler, { ...storage, pool, maxResultBytes })
  const replication = new Replication({ pool, blocks, events, logger })
  const tables = { ...storage, fileInputs: new FileInputs(), deadLetterLimit }
  const exchanges = new Exchanges(segments)
  const pipelined = new PipelinedStages({ loop, scheduler, exchanges, tables })
  const listener = new TaskCompletion(storage, context)
  const dag = new DagScheduler({ events, loop, tables, listener, versions, resolver, maxFailures, pipelined })
  port.connect({
    get settledUses() {
      return dag.settledUses
    },
    dropWarmUpInputs: () => loop.dropWarmUpInputs(),
    memoryChanged: () => loop.post({ type: 'MemoryFreed' }),
  })
  changes.opened({ pool, loop, takeOver: new TakeOver({ pool, blocks, events, logger }) })
  return { pool, loop, dag, replication }
}
