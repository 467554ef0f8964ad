import { SourceError } from '../../errors.js'
import type { ReceiverSink, ReceiverSource } from '../../ops/source.js'
import { delay, until } from '../../ops/wait.js'
import { LoopReceiver } from '../../sources/loop-receiver.js'
import { messageOf } from '../../values/message-of.js'
import type { ServerAddress } from '../options.js'
import { AvroClient } from './avro/client.js'
import { MalformedError } from './avro/reader.js'
import { type CheckedPollingOptions, checkPollingOptions, type FlumePollingOptions } from './polling-options.js'
import { checkProtocol, type EventBatch, PROTOCOL, readBatch } from './polling-protocol.js'
import type { FlumeRecordOf } from './protocol.js'

/** The pause after an empty response, in ms. It is short, because the agent itself has waited for events. */
const EMPTY_MS = 100
const FIRST_PAUSE_MS = 250
const LONGEST_PAUSE_MS = 16_000
/** How long an agent may take to answer the last acknowledgements, in ms. */
const CLOSE_MS = 1000

/**
 * Fetches events from Flume agents that run Spark's sink, `org.apache.spark.streaming.flume.sink.SparkSink`. The agent
 * deletes the events of a call when they are stored, or processed: see `ackAfter`.
 *
 * @throws ArgumentError that names the option.
 */
export function flumePollingSource<const O extends FlumePollingOptions>(options: O): ReceiverSource<FlumeRecordOf<O>> {
  const checked = checkPollingOptions(options)
  const name = `flume polling ${checked.agents.map(addressOf).join(', ')}`
  return {
    kind: 'receiver',
    name,
    codec: 'records',
    ackAfter: checked.ackAfter,
    create: () =>
      new LoopReceiver(name, async (sink, signal, ready, onClose) => {
        const pollers = checked.agents.map((agent) => new AgentPoller(name, agent, checked, sink, signal))
        onClose(() => Promise.all(pollers.map((poller) => poller.close())))
        // If an agent cannot be reached at the start, the start fails. `run` retries later connections.
        await Promise.all(pollers.map((poller) => poller.connect()))
        ready()
        await Promise.all(pollers.map((poller) => poller.run()))
      }),
  }
}

const addressOf = ({ host, port }: ServerAddress) => `${host}:${port}`

/**
 * Two connections to one agent. An agent handles the calls of one connection in order, and `getEventBatch` waits for
 * events, so acknowledgements need a connection of their own.
 */
interface Connections {
  readonly polls: AvroClient
  readonly receipts: AvroClient
  /** Acknowledgements that the agent has not answered yet. */
  readonly open: Set<Promise<unknown>>
  unacknowledged: number
}

/** Polls one agent. */
class AgentPoller {
  readonly #name: string
  readonly #agent: ServerAddress
  readonly #options: CheckedPollingOptions
  readonly #sink: ReceiverSink
  readonly #signal: AbortSignal
  #connections: Connections | undefined
  /** Resumes the poller when a call was acknowledged or refused. */
  #settled: (() => void) | undefined

  constructor(
    name: string,
    agent: ServerAddress,
    options: CheckedPollingOptions,
    sink: ReceiverSink,
    signal: AbortSignal,
  ) {
    this.#name = name
    this.#agent = agent
    this.#options = options
    this.#sink = sink
    this.#signal = signal
  }

  async connect(): Promise<void> {
    const { maxFrameBytes, timeoutMs } = this.#options
    const client = { ...this.#agent, protocol: PROTOCOL, check: checkProtocol, maxFrameBytes, timeoutMs }
    try {
      const polls = await AvroClient.open(client, this.#signal)
      const receipts = await AvroClient.open(client, this.#signal)
      this.#connections = { polls, receipts, open: new Set(), unacknowledged: 0 }
    } catch (cause) {
      throw new SourceError(
        `The Flume agent at ${addressOf(this.#agent)} cannot be reached: ${messageOf(cause)}. Check agents, and that the agent runs with Spark's sink.`,
        { cause, details: { ...this.#agent } },
      )
    }
  }

  async run(): Promise<void> {
    for (let pause = FIRST_PAUSE_MS; !this.#signal.aborted; pause = Math.min(LONGEST_PAUSE_MS, 2 * pause)) {
      try {
        if (!this.#connections) await this.connect()
        await this.#poll(this.#connections!, () => {
          pause = FIRST_PAUSE_MS
        })
      } catch (error) {
        if (this.#signal.aborted) return
        this.#disconnect()
        const cause = error instanceof MalformedError ? undefined : error
        this.#sink.report(`${this.#name}: ${addressOf(this.#agent)} was disconnected: ${messageOf(error)}.`, cause)
        await delay(pause, this.#signal)
      }
    }
  }

  /** Waits until the agent has answered the last acknowledgements. */
  async close(): Promise<void> {
    const late = new AbortController()
    const open = Promise.allSettled(this.#connections?.open ?? [])
    await Promise.race([open, delay(CLOSE_MS, late.signal)])
    late.abort()
    this.#disconnect()
  }

  #disconnect(): void {
    this.#connections?.polls.close()
    this.#connections?.receipts.close()
    this.#connections = undefined
  }

  async #poll(connections: Connections, onAnswer: () => void): Promise<void> {
    const { maxBatchSize, maxUnacknowledged, format } = this.#options
    while (!this.#signal.aborted) {
      const room = this.#sink.full()
      if (room) await until(room, this.#signal)
      if (connections.unacknowledged >= maxUnacknowledged) await until(this.#nextSettled(), this.#signal)
      if (this.#signal.aborted) return
      const polled = connections.polls.call('getEventBatch', (request) => request.long(maxBatchSize))
      const answer = await until(polled, this.#signal)
      // The agent sends a batch again that arrives after the stop.
      if (!answer || this.#signal.aborted) return
      onAnswer()
      const batch = readBatch(answer, format)
      if (batch) this.#store(connections, batch)
      else await delay(EMPTY_MS, this.#signal)
    }
  }

  #store(connections: Connections, { sequence, events }: EventBatch): void {
    connections.unacknowledged++
    const settle = (message: 'ack' | 'nack') => () => {
      const { receipts, open } = connections
      // A lost connection acknowledges nothing, and the agent sends the events again.
      const answered = receipts
        .call(message, (request) => request.string(sequence), this.#options.timeoutMs)
        .catch(() => undefined)
        .finally(() => open.delete(answered))
      open.add(answered)
      connections.unacknowledged--
      this.#settled?.()
    }
    this.#sink.records(events, { ack: settle('ack'), nack: settle('nack') })
  }

  #nextSettled(): Promise<void> {
    return new Promise((resolve) => {
      this.#settled = resolve
    })
  }
}
