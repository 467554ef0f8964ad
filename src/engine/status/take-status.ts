import type { StreamGraph } from '../../ops/dstream/graph.js'
import type { InputNode, StreamNode } from '../../ops/dstream/node.js'
import type { Engine } from '../engine.js'
import type { StreamingState } from '../streaming/streaming-options.js'
import type { InputStatus, StateStatus, StreamStatus, StreamsStatus } from './streams-status.js'

/** The parts whose status is taken. */
export interface StatusOptions {
  readonly graph: StreamGraph
  readonly engine: Engine
  readonly state: StreamingState
  readonly inputs: readonly InputStatus[]
  readonly now: number
  readonly checkpointDir: string | undefined
  /** Option objects; later ones override earlier ones. */
  readonly options: readonly object[]
  /** Whether kernels know the functions of streams, or why not. */
  readonly kernelNotes: ReadonlyMap<StreamNode, string>
}

/** Takes the status of streams. Cost: a walk over their datasets, blocks and threads; call it about once a second. */
export function takeStatus({
  graph,
  engine,
  state,
  now,
  checkpointDir,
  inputs,
  options,
  kernelNotes,
}: StatusOptions): StreamsStatus {
  const { threads, cluster, memory, persisted } = engine.status()
  const states = statesOf(graph, engine)
  const { heapUsed: heap, rss: resident } = process.memoryUsage()
  return {
    state,
    now,
    batchInterval: graph.batchInterval,
    checkpointDir,
    threads,
    ...(cluster && { cluster }),
    memory: { ...memory, persisted: sum(persisted, 'memoryBytes'), state: sum(states, 'bytes'), heap, resident },
    persisted,
    states,
    streams: graph.streams.map((stream) => streamOf(stream, graph, kernelNotes.get(stream))),
    outputs: graph.outputs.map(({ id, label, stream }) => ({ id, label, stream: stream.id })),
    inputs,
    options: plain(options),
  }
}

function statesOf({ streams }: StreamGraph, { states, stateSizes }: Engine): StateStatus[] {
  const counted = new Map(stateSizes.newest.map(({ operator, keys }) => [operator, keys]))
  return states.sizes().map(({ operator, ...size }) => ({
    stream: operator,
    label: streams[operator]?.label ?? `stream ${operator}`,
    ...size,
    keys: counted.get(operator) ?? size.keys,
  }))
}

function streamOf(stream: StreamNode, graph: StreamGraph, note: string | undefined): StreamStatus {
  const { id, label, slideDuration: slide, rememberDuration: remember } = stream
  const parents = stream.parents.map((parent) => parent.id)
  const source = (stream as Partial<InputNode>).source
  const uid = graph.frozen && graph.uids.get(stream)
  const more = {
    ...(source && { source: { name: source.name, kind: source.kind } }),
    ...(uid && { uid }),
    ...(note && { kernels: note }),
  }
  return { id, label, parents, slide, remember, ...more }
}

function plain(options: readonly object[]): StreamsStatus['options'] {
  const entries = options.flatMap((each) => Object.entries(each))
  return Object.fromEntries(entries.filter(([, value]) => ['string', 'number', 'boolean'].includes(typeof value)))
}

function sum<K extends string>(rows: readonly Readonly<Record<K, number>>[], key: K): number {
  return rows.reduce((total, row) => total + row[key], 0)
}
