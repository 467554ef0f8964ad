// First, so that a bundle that cannot work reports this.
import './package-root.js'
import './ops/all.js'
import './sources/attach.js'
import './sources/format-files.js'
import './sinks/format-files.js'
import './sinks/object-files.js'
import './sinks/text-files.js'
import './guard-operations.js'
import './ui/attach.js'
import './sql/attach.js'
import './sinks/write-to.js'

export { type ReadStateOptions, readState } from './engine/checkpoint/offline/read-state.js'
export { Context } from './engine/context.js'
export type { DeadLetter, DeadLetterBatch } from './engine/dead-letters/dead-letter.js'
export type { DeadLetterLog } from './engine/dead-letters/dead-letter-log.js'
export type { PipelineHandle } from './engine/driver-thread/pipeline-handle.js'
export type { BatchInfo, OutputInfo, StreamInputInfo } from './engine/events/batch-info.js'
export type { BatchPhases, BatchProgress, InputProgress, StateProgress } from './engine/events/batch-progress.js'
export type {
  ClockStep,
  EngineEvents,
  EventListener,
  EventName,
  Listener,
  LostRecords,
  NoticesDropped,
  Rollback,
} from './engine/events/engine-events.js'
export type {
  JobEvents,
  JobStart,
  OperationsSample,
  StageOwner,
  TaskEnd,
  TaskInfo,
  TaskStatus,
} from './engine/events/job-events.js'
export type { Logger } from './engine/logger.js'
export type { SparkOptions } from './engine/master-options.js'
export type { ContextOptions, ContextSettings, Speculation } from './engine/options.js'
export type { JobInfo, Spread, StageInfo, TaskFigures } from './engine/progress/job-info.js'
export type { BackpressureOptions } from './engine/receivers/back-pressure.js'
export type {
  ClusterStatus,
  ExecutorStatus,
  InputLag,
  InputStatus,
  MemoryStatus,
  OutputStatus,
  PartLagStatus,
  PersistedStatus,
  StateStatus,
  StreamStatus,
  StreamsStatus,
  ThreadStatus,
} from './engine/status/streams-status.js'
export type { OutputBatch } from './engine/streaming/output-queue.js'
export type { OutputRetryOptions } from './engine/streaming/output-retries.js'
export type { ReplayedBatch, ReplayedOutput, ReplayOptions } from './engine/streaming/replay/replay-options.js'
export type { StartOptions } from './engine/streaming/start-options.js'
export type { StopOptions, StopResult } from './engine/streaming/stop-result.js'
export { StreamingContext } from './engine/streaming/streaming-context.js'
export type { PushTarget, StreamingControl } from './engine/streaming/streaming-control.js'
export type {
  GetOrCreateOptions,
  PipelineOptions,
  StreamingOptions,
  StreamingState,
} from './engine/streaming/streaming-options.js'
export type { StreamingUi, UiOptions } from './engine/streaming/ui-options.js'
export type { LogDamage } from './engine/write-ahead-log/log-damage.js'
export type { WriteAheadLogOptions } from './engine/write-ahead-log/options.js'
export * from './errors.js'
export type {
  AppendOutput,
  ByteRange,
  CreateOptions,
  DirectoryEntry,
  EntryKind,
  FileOutput,
  FileStatus,
  FileSystem,
  FileSystemFactory,
  FileSystemRef,
  RenameOptions,
  StagedFile,
  StagedOutput,
} from './files/file-system.js'
export type { FileSystemsOptions } from './files/file-systems.js'
export type { HdfsOptions } from './files/hdfs/options.js'
export type { FileIdentity, FileRange } from './files/identity.js'
export type { S3Options } from './files/s3/options.js'
export type { BinaryOptions } from './formats/binary-records.js'
export type { TextCompression } from './formats/compressed-text.js'
export type { CsvOptions, CsvWriteOptions } from './formats/csv/options.js'
export type { CsvType } from './formats/csv/types.js'
export type { BadRecord } from './formats/faults.js'
export type { JsonWriteOptions } from './formats/json-lines.js'
export type { ParquetOptions, ParquetType, ParquetWriteOptions } from './formats/parquet/options.js'
export type { SequenceOptions, SequenceWriteOptions } from './formats/sequence/options.js'
export type { WritableName } from './formats/sequence/writables.js'
export type { TextWriteOptions } from './formats/text.js'
export type { ThreadId } from './ids.js'
export type { Accumulator } from './ops/accumulator.js'
export type { Broadcast } from './ops/broadcast.js'
export { type Clock, ManualClock, SystemClock } from './ops/clock.js'
export type { CustomPartitioner, Partitioner, RangePartitioner } from './ops/dataset.js'
export type { StreamBuilder } from './ops/dstream/builder.js'
export type { DeadLetterOptions, DeadRecord, WithDeadLetters } from './ops/dstream/dead-letters.js'
export type { EventPairs, EventStream, EventTimed } from './ops/dstream/event-time/event-stream.js'
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
export type { BaseStream, DStream, PairStream } from './ops/dstream/facade.js'
export type { OutputCall } from './ops/dstream/graph.js'
export type { KeyState } from './ops/dstream/key-state.js'
export { type MapWithStateStream, StateSpec } from './ops/dstream/map-with-state.js'
export type { ForeachRDDOptions } from './ops/dstream/outputs.js'
export type { StateVersionOptions } from './ops/dstream/state-version.js'
export type { UpdateOptions } from './ops/dstream/update-state.js'
export type { ReduceWindowOptions, WindowOptions } from './ops/dstream/window.js'
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
export { pure } from './ops/functions/pure.js'
export type { OnRecordError } from './ops/on-record-error.js'
export { customPartitioner, hashPartitioner } from './ops/partitioner.js'
export { definePipeline, type PipelineDefinition } from './ops/pipeline.js'
export type { ApproximateDistinctOptions } from './ops/rdd/approximate-distinct.js'
export type { RddBuilder } from './ops/rdd/builder.js'
export type { Partitions } from './ops/rdd/by-key.js'
export type { BoundedNumber } from './ops/rdd/estimates.js'
export type { BaseRdd, NumberRdd, PairRdd, RDD } from './ops/rdd/facade.js'
export type { Histogram } from './ops/rdd/histogram.js'
export type { AsyncCall, MapAsyncOptions, MapPartitionsAsyncOptions } from './ops/rdd/map-async.js'
export type { Stats } from './ops/rdd/moments.js'
export type { PartialResult } from './ops/rdd/partial-result.js'
export type { CoalesceOptions } from './ops/rdd/partitions.js'
export type { PipeOptions } from './ops/rdd/pipe.js'
export type { RecordOptions } from './ops/rdd/record-options.js'
export type { Fractions } from './ops/rdd/sample-by-key.js'
export type { SortOptions } from './ops/rdd/sort.js'
export { StorageLevel } from './ops/rdd/storage-level.js'
export type { DataSink, DataWriter, SinkWrite, WriteContext, WriterFactory, WriterRef } from './ops/sink.js'
export type { PushUntil, PushWait } from './ops/source/push-until.js'
export type {
  AckAfter,
  BatchRequest,
  DirectBatch,
  DirectReader,
  DirectSource,
  FileReading,
  FilesPartition,
  InputSource,
  LocalSource,
  PartitionReader,
  PartLag,
  ReadContext,
  ReaderRef,
  Receipt,
  Receiver,
  ReceiverSink,
  ReceiverSource,
  SourceLag,
} from './ops/source.js'
export type { TaskContext } from './ops/task-context.js'
export type { Duration } from './ops/time.js'
export type { OperationFigures, RejectError } from './pool/protocol.js'
export type { HadoopFormat } from './sinks/format-files.js'
export type { SaveOptions } from './sinks/part-files.js'
export type { RecordTarget } from './sinks/writable.js'
export type { PushStream } from './sources/attach.js'
export type { ReconnectDelay } from './sources/check.js'
export type { Pullable, ReadableStreamLike } from './sources/feed.js'
export type { FileStreamOptions, ReadFilesOptions, StreamFormat } from './sources/format-files.js'
export type {
  HttpTextOptions,
  IterableOptions,
  QueueOptions,
  SocketTextOptions,
  TextFileOptions,
} from './sources/index.js'
export type { PushHandle, PushOptions } from './sources/push.js'
