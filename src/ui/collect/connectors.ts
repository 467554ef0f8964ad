import type { BatchInfo } from '../../engine/events/batch-info.js'
import type { InputStatus } from '../../engine/status/streams-status.js'
import type { StreamingControl } from '../../engine/streaming/streaming-control.js'
import type { ConnectorRow } from './rows.js'

/** The input streams, by number. */
export class Connectors {
  readonly #rows = new Map<number, Row>()
  readonly #removers: (() => void)[]

  constructor(streams: StreamingControl) {
    const state = (state: ConnectorRow['state']) => (of: Of) => {
      this.#row(of).state = state
    }
    const failed = (of: Of, message: string) => {
      const row = this.#row(of)
      row.errors++
      row.lastError = message.slice(0, 500)
      row.lastErrorAt = streams.clock.now()
    }
    this.#removers = [
      streams.on('receiverStarted', state('running')),
      streams.on('receiverPaused', state('paused')),
      streams.on('receiverResumed', state('running')),
      streams.on('receiverStopped', (event) => {
        this.#row(event).state = 'stopped'
        if (event.cause !== undefined && event.message !== undefined) failed(event, event.message)
      }),
      streams.on('receiverError', (event) => failed(event, event.message)),
    ]
  }

  completed({ inputs }: BatchInfo, batchInterval: number): void {
    for (const input of inputs) {
      const { records = 0, bytes, dropped = 0, rate, description } = input
      const row = this.#row(input)
      row.records += records
      row.bytes += bytes
      row.dropped += dropped
      row.perSecond = (records * 1000) / batchInterval
      row.limit = rate
      if (description !== undefined) row.description = description.slice(0, 500)
    }
  }

  /** Returns the inputs with their present lags. */
  rows(inputs: readonly InputStatus[]): ConnectorRow[] {
    const lags = new Map(inputs.map(({ stream, lag }) => [stream, lag]))
    const rows = [...this.#rows.values()].map((row) => {
      const lag = lags.get(row.stream)
      return lag ? { ...row, lag } : row
    })
    return rows.sort((a, b) => a.stream - b.stream)
  }

  close(): void {
    for (const remove of this.#removers) remove()
  }

  #row({ stream, name }: Of): Row {
    let row = this.#rows.get(stream)
    if (!row) {
      row = { stream, name, state: 'running', records: 0, bytes: 0, dropped: 0, errors: 0 }
      this.#rows.set(stream, row)
    }
    row.name = name
    return row
  }
}

type Row = { -readonly [F in keyof ConnectorRow]: ConnectorRow[F] }

interface Of {
  readonly stream: number
  readonly name: string
}
