import { SaveError } from '../../errors.js'
import type { SinkWrite } from '../../ops/sink.js'
import { BatchCommitter, type BatchMark } from './batch-committer.js'
import { type ClusterSettings, KafkaCluster } from './cluster.js'
import type { OffsetOwner, SourceOffsets } from './source-offsets.js'
import type { EncodedPartition } from './writer.js'

export interface SinkDriverOptions {
  readonly cluster: ClusterSettings
  readonly topic: string
  readonly application: string
  readonly transactionTimeoutMs: number
  readonly sources: readonly SourceOffsets[]
}

/** The clients of a sink that is in use. */
interface Session {
  readonly cluster: KafkaCluster
  readonly abort: AbortController
  /** The committers, by transactional id. */
  readonly committers: Map<string, BatchCommitter>
}

/** The driver side of an exactly-once sink. It writes each batch in one transaction. */
export class KafkaSinkDriver implements OffsetOwner {
  readonly #options: SinkDriverOptions
  #session: Session | undefined
  /** The output operation that commits the offsets of the sources. */
  #output: string | undefined

  constructor(options: SinkDriverOptions) {
    this.#options = options
    for (const source of options.sources) source.claim(this)
  }

  async takeOver(): Promise<void> {
    await this.#checkClusters()
    await this.#committer(this.#options.application).takeOver()
  }

  async commit({ time, output = '' }: SinkWrite, messages: readonly EncodedPartition[]): Promise<void> {
    // Outside of batches, the writers have already sent the records.
    if (time === undefined) return
    const { application, topic, sources } = this.#options
    const id = sources.length > 0 ? application : `${application}.${output}`
    if (sources.length > 0) this.#checkOutput(output)
    const batches = messages.flat()
    const marks: BatchMark[] = sources.flatMap((source) => source.marksAt(time))
    if (marks.length === 0) {
      if (batches.length === 0) return
      marks.push({ group: id, topic, partition: 0, from: time, to: time })
    }
    await this.#committer(id).commit(marks, batches)
  }

  close(): void {
    this.#session?.abort.abort()
    this.#session?.cluster.close()
    this.#session = undefined
    this.#output = undefined
  }

  #committer(id: string): BatchCommitter {
    const { cluster: settings, topic, transactionTimeoutMs: timeoutMs } = this.#options
    this.#session ??= { cluster: new KafkaCluster(settings), abort: new AbortController(), committers: new Map() }
    const { cluster, abort, committers } = this.#session
    let committer = committers.get(id)
    if (!committer) {
      const producer = { id, timeoutMs, requestTimeoutMs: settings.requestTimeoutMs }
      committers.set(id, (committer = new BatchCommitter(cluster, topic, producer, abort.signal)))
    }
    return committer
  }

  /**
   * Refuses a second output: once the first has committed the offsets of a batch, the second would find the batch
   * committed and write nothing.
   */
  #checkOutput(output: string): void {
    this.#output ??= output
    if (this.#output !== output)
      throw new SaveError(
        `Two output operations write to a Kafka sink that commits the offsets of ${this.#options.sources[0]!.name}. Use the sink in one, and unite the streams before it.`,
        { details: { outputs: [this.#output, output] } },
      )
  }

  async #checkClusters(): Promise<void> {
    const own = await clusterIdOf(this.#options.cluster)
    for (const { name, cluster } of this.#options.sources) {
      const other = await clusterIdOf(cluster)
      if (other !== own)
        throw new SaveError(
          `The Kafka sink of topic '${this.#options.topic}' commits the offsets of ${name}, which is another cluster (${other}, not ${own}). Leave out offsetsOf, and set checkpointDir.`,
          { details: { source: name, clusterId: own, otherClusterId: other } },
        )
    }
  }
}

async function clusterIdOf(settings: ClusterSettings): Promise<string | null> {
  const cluster = new KafkaCluster(settings)
  try {
    return (await cluster.metadata([])).clusterId
  } finally {
    cluster.close()
  }
}
