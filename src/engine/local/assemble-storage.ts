import type { RddContext } from '../../ops/rdd/context.js'
import { SegmentLending } from '../../pool/blocks/segment-lending.js'
import { SegmentPool } from '../../pool/blocks/segments.js'
import { DeadLetters } from '../dead-letters/dead-letters.js'
import { Events } from '../events/events.js'
import type { ContextSettings } from '../options.js'
import { StateSizes } from '../state/state-sizes.js'
import { StateTracker } from '../state/state-tracker.js'
import { BlockManager } from '../storage/block-manager.js'
import { Broadcasts } from '../storage/broadcasts.js'
import { ContentVersions } from '../storage/content-versions.js'
import { DiskStore } from '../storage/disk-store.js'
import { DriverBlocks } from '../storage/driver-blocks.js'
import { DriverValues } from '../storage/driver-values.js'
import { InputPins } from '../storage/input-pins.js'
import { MapOutputs } from '../storage/map-outputs.js'
import { MemoryGovernor } from '../storage/memory-governor.js'
import { MemoryPort } from '../storage/memory-port.js'
import { PersistedPartitions } from '../storage/persisted-partitions.js'
import { Spilling } from '../storage/spilling.js'
import { StateSpills } from '../storage/state-spills.js'
import { StreamPort } from '../stream-port.js'
import { Threads } from './threads.js'

/** The stores of an engine. They exist from the start; threads start with the first action. */
export type Storage = ReturnType<typeof assembleStorage>

export function assembleStorage(options: ContextSettings, context: RddContext) {
  const { logger, memoryLimit: limit, replicas, replication } = options
  const events = new Events((error) => logger.error('a listener threw', error))
  const threads = new Threads(replicas)
  const streams = new StreamPort()
  const port = new MemoryPort()
  const segments = new SegmentPool({ listener: port })
  const blocks = new BlockManager({ pool: segments, replicas, replication, threads })
  const inDriver = assembleDriverBlocks(segments, blocks, context)
  const { driver } = inDriver
  const versions = new ContentVersions(events)
  const files = new DiskStore({ directory: options.spillDirectory, limit: options.spillLimit })
  const spilling = new Spilling({ store: files, events, logger, driver, port })
  const persisted = new PersistedPartitions(blocks, versions, spilling)
  const outputs = new MapOutputs(blocks, versions)
  const values = new DriverValues(driver, blocks, versions)
  const receivers = streams
  const memory = new MemoryGovernor({ limit, segments, blocks, persisted, outputs, spilling, events, port, receivers })
  const states = new StateTracker({
    blocks,
    threads,
    retention: streams,
    interval: options.stateSnapshotInterval,
    together: options.threads,
  })
  const deadLetters = new DeadLetters(options.deadLetterLimit)
  const inputs = new InputPins(blocks, files, inDriver.broadcasts)
  const stores = {
    segments,
    blocks,
    versions,
    files,
    spilling,
    persisted,
    outputs,
    values,
    inputs,
    states,
    stateSizes: new StateSizes(),
    stateSpills: new StateSpills({ ...options, events }),
    deadLetters,
  }
  return { ...stores, ...inDriver, events, threads, streams, port, memory }
}

function assembleDriverBlocks(segments: SegmentPool, blocks: BlockManager, context: RddContext) {
  const lending = new SegmentLending(segments)
  const driver = new DriverBlocks(segments, blocks, lending)
  return { lending, driver, broadcasts: new Broadcasts(driver, blocks, context.broadcasts) }
}
