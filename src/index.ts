import './ops/all.js'
import './sources/attach.js'
import './sinks/object-files.js'
import './sinks/text-files.js'

export { Context } from './engine/context.js'
export type { BatchInfo, EngineEvents, EventListener, EventName, OutputInfo, StreamInputInfo } from './engine/events.js'
export type { ContextOptions, Logger } from './engine/options.js'
export type { OutputBatch } from './engine/output-queue.js'
export {
  type PipelineOptions,
  type StopOptions,
  StreamingContext,
  type StreamingOptions,
  type StreamingState,
} from './engine/streaming-context.js'
export * from './errors.js'
export type { Accumulator } from './ops/accumulator.js'
export { type Clock, ManualClock, SystemClock } from './ops/clock.js'
export type { OutputOperation } from './ops/dstream/builder.js'
export { StreamBuilder } from './ops/dstream/builder.js'
export { type DStream, type PairStream, Stream } from './ops/dstream/dstream.js'
export type { KeyState } from './ops/dstream/key-state.js'
export { type MapWithStateStream, StateSpec } from './ops/dstream/map-with-state.js'
export type { UpdateOptions } from './ops/dstream/update-state.js'
export type { WindowOptions } from './ops/dstream/window.js'
export {
  field,
  includes,
  jsonField,
  length,
  max,
  min,
  parseNumber,
  split,
  startsWith,
  sum,
  toLowerCase,
  words,
} from './ops/functions/common.js'
export { withEnv } from './ops/functions/env.js'
export { type CustomPartitioner, customPartitioner, hashPartitioner, type Partitioner } from './ops/partitioner.js'
export { definePipeline, type PipelineDefinition } from './ops/pipeline.js'
export type { ApproximateCount } from './ops/rdd/approximate.js'
export { type Broadcast, RddBuilder } from './ops/rdd/builder.js'
export type { Partitions } from './ops/rdd/by-key.js'
export type { Histogram } from './ops/rdd/histogram.js'
export type { Stats } from './ops/rdd/moments.js'
export type { CoalesceOptions } from './ops/rdd/partitions.js'
export type { PipeOptions } from './ops/rdd/pipe.js'
export { type NumberRdd, type PairRdd, type RDD, Rdd, type StorageLevel } from './ops/rdd/rdd.js'
export type { Fractions } from './ops/rdd/sample-by-key.js'
export type { SortOptions } from './ops/rdd/sort.js'
export type {
  DirectBatch,
  DirectReader,
  DirectSource,
  InputSource,
  LocalSource,
  Receiver,
  ReceiverSink,
  ReceiverSource,
} from './ops/source.js'
export type { Duration } from './ops/time.js'
export type { PushStream } from './sources/attach.js'
export type {
  HttpTextOptions,
  IterableOptions,
  QueueOptions,
  SocketTextOptions,
  TextFileOptions,
} from './sources/index.js'
