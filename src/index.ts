// First, so that a bundle that cannot work says so.
import './package-root.js'
import './ops/all.js'
import './sources/attach.js'
import './sinks/checkpoint.js'
import './sinks/object-files.js'
import './sinks/text-files.js'

export type { BackpressureOptions } from './engine/backpressure.js'
export { Context } from './engine/context.js'
export type { DeadLetterBook } from './engine/dead-letter-book.js'
export type { DeadLetter, DeadLetterBatch } from './engine/dead-letters.js'
export type { PipelineHandle } from './engine/driver-thread/pipeline-handle.js'
export type { PushFace } from './engine/driver-thread/remote-push.js'
export type { BatchInfo, EngineEvents, EventListener, EventName, OutputInfo, StreamInputInfo } from './engine/events.js'
export type { Logger } from './engine/logger.js'
export type { ContextOptions } from './engine/options.js'
export type { OutputBatch } from './engine/output-queue.js'
export type { OutputRetryOptions } from './engine/output-retries.js'
export type { StopOptions, StopResult } from './engine/stop-result.js'
export { StreamingContext } from './engine/streaming-context.js'
export type { PipelineOptions, StreamingOptions, StreamingState } from './engine/streaming-options.js'
export * from './errors.js'
export type { Accumulator } from './ops/accumulator.js'
export { type Clock, ManualClock, SystemClock } from './ops/clock.js'
export type { OutputOperation } from './ops/dstream/builder.js'
export { StreamBuilder } from './ops/dstream/builder.js'
export type { DeadLetterOptions, DeadRecord, WithDeadLetters } from './ops/dstream/dead-letters.js'
export { type DStream, type PairStream, Stream } from './ops/dstream/dstream.js'
export type { EventInput, EventPairs, EventStream, EventTimed } from './ops/dstream/event-time/event-stream.js'
export type {
  AlignedWindowOptions,
  EventWindow,
  EventWindowOptions,
  EventWindows,
  KeyedWindowResult,
  KeyedWindows,
  LateRecords,
  WholeWindows,
  WindowResult,
  WindowStream,
} from './ops/dstream/event-time/event-windows.js'
export type { EventTimeInfo } from './ops/dstream/event-time/info.js'
export type { JoinStream, JoinWithinOptions } from './ops/dstream/event-time/join-within.js'
export type { TimestampOptions } from './ops/dstream/event-time/timestamps.js'
export type { KeyState } from './ops/dstream/key-state.js'
export { type MapWithStateStream, StateSpec } from './ops/dstream/map-with-state.js'
export type { UpdateOptions } from './ops/dstream/update-state.js'
export type { WindowOptions } from './ops/dstream/window.js'
export {
  field,
  hashtags,
  includes,
  jsonField,
  length,
  max,
  min,
  numberField,
  pairOf,
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
export { type Broadcast, RddBuilder } from './ops/rdd/builder.js'
export type { Partitions } from './ops/rdd/by-key.js'
export type { BoundedNumber } from './ops/rdd/estimates.js'
export type { Histogram } from './ops/rdd/histogram.js'
export type { AsyncCall, MapAsyncOptions, MapPartitionsAsyncOptions } from './ops/rdd/map-async.js'
export type { Stats } from './ops/rdd/moments.js'
export type { PartialResult } from './ops/rdd/partial-result.js'
export type { CoalesceOptions } from './ops/rdd/partitions.js'
export type { PipeOptions } from './ops/rdd/pipe.js'
export { type NumberRdd, type PairRdd, type RDD, Rdd } from './ops/rdd/rdd.js'
export type { OnRecordError, RecordOptions } from './ops/rdd/record-options.js'
export type { Fractions } from './ops/rdd/sample-by-key.js'
export type { SortOptions } from './ops/rdd/sort.js'
export { StorageLevel } from './ops/rdd/storage-level.js'
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
export type { SaveOptions } from './sinks/part-files.js'
export type { PushStream } from './sources/attach.js'
export type {
  HttpTextOptions,
  IterableOptions,
  QueueOptions,
  SocketTextOptions,
  TextFileOptions,
} from './sources/index.js'
