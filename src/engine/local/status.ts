import type { EngineStatus } from '../engine.js'
import type { Storage } from './assemble-storage.js'

/** Takes the status of the threads and of their memory. Cost: a walk over blocks and threads. */
export function takeLocalStatus({
  threads,
  memory,
  streams,
  files,
  blocks,
  persisted,
  stateSpills,
}: Storage): EngineStatus {
  return {
    threads: (threads.pool?.threads() ?? []).map(({ id, slot, state, inFlight, worker }) => {
      const { active, idle } = worker.performance.eventLoopUtilization()
      return { id, slot, state, tasks: inFlight, activeMs: active, idleMs: idle }
    }),
    memory: {
      limit: memory.limit,
      used: memory.usedBytes,
      received: streams.receivedBytes(),
      spilled: files.bytes,
      blocks: blocks.size,
      blocksShort: blocks.short,
      ...(stateSpills.held && { stateHeld: stateSpills.held }),
    },
    persisted: persisted.sizes(),
  }
}
