import type {
  Broadcast,
  Context,
  DeadLetterLog,
  DStream,
  EventStream,
  EventWindows,
  RDD,
  StreamBuilder,
  StreamingContext,
} from 'millrace'
import type { Equal } from './equal.js'

/*
 * Exactly the names that an editor completes. A new operation is added here; what only the library needs never is.
 */
type Members<T> = Extract<keyof T, string>
declare function members<T, Names extends string>(
  ...proof: Equal<Members<T>, Names> extends true
    ? []
    : [missing: Exclude<Members<T>, Names>, gone: Exclude<Names, Members<T>>]
): void

interface Row {
  readonly a: 1
}
type Pair = [string, Row]

type OfRdd =
  | 'aggregate'
  | 'cache'
  | 'cartesian'
  | 'checkpoint'
  | 'coalesce'
  | 'collect'
  | 'count'
  | 'countApprox'
  | 'countApproxDistinct'
  | 'countByValue'
  | 'countByValueApprox'
  | 'distinct'
  | 'filter'
  | 'first'
  | 'flatMap'
  | 'fold'
  | 'foreach'
  | 'foreachPartition'
  | 'getCheckpointFile'
  | 'getNumPartitions'
  | 'getStorageLevel'
  | 'glom'
  | 'groupBy'
  | 'id'
  | 'intersection'
  | 'isCheckpointed'
  | 'isEmpty'
  | 'keyBy'
  | 'map'
  | 'mapAsync'
  | 'mapPartitions'
  | 'mapPartitionsAsync'
  | 'mapPartitionsWithIndex'
  | 'max'
  | 'min'
  | 'name'
  | 'partitioner'
  | 'persist'
  | 'pipe'
  | 'randomSplit'
  | 'reduce'
  | 'repartition'
  | 'sample'
  | 'saveAsCsvFile'
  | 'saveAsJsonFile'
  | 'saveAsObjectFile'
  | 'saveAsParquetFile'
  | 'saveAsTextFile'
  | 'setName'
  | 'sortBy'
  | 'subtract'
  | 'take'
  | 'takeOrdered'
  | 'takeSample'
  | 'toDebugString'
  | 'toLocalIterator'
  | 'top'
  | 'treeAggregate'
  | 'treeReduce'
  | 'union'
  | 'unpersist'
  | 'writeTo'
  | 'zip'
  | 'zipPartitions'
  | 'zipWithIndex'
  | 'zipWithUniqueId'
type OfPairRdd =
  | 'aggregateByKey'
  | 'cogroup'
  | 'collectAsMap'
  | 'combineByKey'
  | 'countApproxDistinctByKey'
  | 'countByKey'
  | 'countByKeyApprox'
  | 'filterByRange'
  | 'flatMapValues'
  | 'foldByKey'
  | 'fullOuterJoin'
  | 'groupByKey'
  | 'groupWith'
  | 'join'
  | 'keys'
  | 'leftOuterJoin'
  | 'lookup'
  | 'mapValues'
  | 'partitionBy'
  | 'reduceByKey'
  | 'reduceByKeyLocally'
  | 'repartitionAndSortWithinPartitions'
  | 'rightOuterJoin'
  | 'sampleByKey'
  | 'sampleByKeyExact'
  | 'saveAsHadoopFile'
  | 'saveAsSequenceFile'
  | 'sortByKey'
  | 'subtractByKey'
  | 'values'
type OfNumberRdd =
  | 'histogram'
  | 'mean'
  | 'meanApprox'
  | 'sampleStdev'
  | 'sampleVariance'
  | 'stats'
  | 'stdev'
  | 'sum'
  | 'sumApprox'
  | 'variance'
members<RDD<Row>, OfRdd>()
members<RDD<Pair>, OfRdd | OfPairRdd>()
members<RDD<number>, OfRdd | OfNumberRdd>()

type OfStream =
  | 'cache'
  | 'checkpoint'
  | 'count'
  | 'countByValue'
  | 'countByValueAndWindow'
  | 'countByWindow'
  | 'filter'
  | 'flatMap'
  | 'foreachRDD'
  | 'glom'
  | 'map'
  | 'mapAsync'
  | 'mapPartitions'
  | 'mapPartitionsAsync'
  | 'output'
  | 'persist'
  | 'print'
  | 'reduce'
  | 'reduceByWindow'
  | 'repartition'
  | 'saveAsCsvFiles'
  | 'saveAsJsonFiles'
  | 'saveAsObjectFiles'
  | 'saveAsParquetFiles'
  | 'saveAsTextFiles'
  | 'slice'
  | 'slideDuration'
  | 'takeOrdered'
  | 'top'
  | 'transform'
  | 'transformWith'
  | 'uid'
  | 'union'
  | 'window'
  | 'withTimestamps'
  | 'writeTo'
type OfPairStream =
  | 'cogroup'
  | 'combineByKey'
  | 'flatMapValues'
  | 'fullOuterJoin'
  | 'groupByKey'
  | 'groupByKeyAndWindow'
  | 'join'
  | 'leftOuterJoin'
  | 'mapValues'
  | 'mapWithState'
  | 'reduceByKey'
  | 'reduceByKeyAndWindow'
  | 'rightOuterJoin'
  | 'saveAsHadoopFiles'
  | 'saveAsSequenceFiles'
  | 'updateStateByKey'
type OfEventStream = 'keyBy' | 'session' | 'sliding' | 'stamped' | 'tumbling'
type OfEventPairs = 'fullOuterJoinWithin' | 'joinWithin' | 'leftOuterJoinWithin' | 'rightOuterJoinWithin'
members<DStream<Row>, OfStream>()
members<DStream<Pair>, OfStream | OfPairStream>()
members<EventStream<Row>, OfStream | OfEventStream>()
members<EventStream<Pair>, OfStream | OfPairStream | OfEventStream | OfEventPairs>()
members<EventWindows<Row>, 'aggregate' | 'count' | 'countByValue' | 'reduce'>()
members<
  EventWindows<Pair>,
  'aggregate' | 'aggregateByKey' | 'count' | 'countByKey' | 'countByValue' | 'groupByKey' | 'reduce' | 'reduceByKey'
>()

members<Broadcast<string>, 'destroy' | 'unpersist' | 'value'>()

members<DeadLetterLog, 'count' | 'counts' | 'latest'>()

type OfContext =
  | 'accumulator'
  | 'binaryFiles'
  | 'binaryRecords'
  | 'broadcast'
  | 'collectionAccumulator'
  | 'csvFile'
  | 'deadLetters'
  | 'emptyRDD'
  | 'getCheckpointDir'
  | 'input'
  | 'jsonFile'
  | 'listen'
  | 'longAccumulator'
  | 'objectFile'
  | 'on'
  | 'options'
  | 'parallelism'
  | 'parallelize'
  | 'parquetFile'
  | 'range'
  | 'runJob'
  | 'sequenceFile'
  | 'setCheckpointDir'
  | 'start'
  | 'stop'
  | 'textFile'
  | 'union'
  | 'wholeTextFiles'
  | 'withSignal'
type OfBuilder =
  | 'batchInterval'
  | 'binaryRecordsStream'
  | 'context'
  | 'fileStream'
  | 'fromIterable'
  | 'httpTextStream'
  | 'input'
  | 'outputNames'
  | 'printer'
  | 'pushHandle'
  | 'pushStream'
  | 'queueStream'
  | 'remember'
  | 'socketTextStream'
  | 'textFileStream'
  | 'transform'
  | 'union'
type OfStreamingContext =
  | 'awaitIdle'
  | 'awaitTermination'
  | 'awaitTerminationOrTimeout'
  | 'checkpoint'
  | 'clock'
  | 'deadLetters'
  | 'listen'
  | 'on'
  | 'output'
  | 'replay'
  | 'skippedBatches'
  | 'start'
  | 'state'
  | 'status'
  | 'stop'
  | 'ui'
members<Context, OfContext>()
members<StreamBuilder, OfBuilder>()
members<StreamingContext, OfBuilder | OfStreamingContext>()

// What changes only the object itself returns the type it was called on.
declare const pairs: RDD<[string, number]>
declare const pairStream: DStream<[string, number]>
declare const events: EventStream<[string, number]>
declare function same<T>(value: T): <U>(other: U, ...proof: Equal<T, U> extends true ? [] : [T, U]) => void
same(pairs)(pairs.persist().cache().setName('a').checkpoint().unpersist())
same(pairStream)(pairStream.persist().cache().checkpoint('1s'))
same(events)(events.persist().cache().checkpoint('1s'))
