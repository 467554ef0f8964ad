import type { BatchInfo } from '../../engine/events/batch-info.js'
import type { InputStatus } from '../../engine/status/streams-status.js'
import type { StreamingControl } from '../../engine/streaming/streaming-control.js'
import type { ConnectorRow } from './rows.js'

/** The input streams, by number. */
export class Connectors {
  readonly #rows = new Map<number, ConnectorRow>()
  readonly #removers: (() => void)[]

  constructor(streams: StreamingControl) {
    const state = (state: ConnectorRow['state']) => (of: Of) => this.#change(of, { state })
    const failed = (of: Of, message: string) => {
      const errors = (this.#rows.get(of.stream)?.errors ?? 0) + 1
      this.#change(of, { errors, lastError: message.slice(0, 500), lastErrorAt: streams.clock.now() })
    }
    this.#removers = [
      streams.on('receiverStarted', state('running')),
      streams.on('receiverPaused', state('paused')),
      streams.on('receiverResumed', state('running')),
      streams.on('receiverStopped', (event) => {
        this.#change(event, { state: 'stopped' })
        if (event.cause !== undefined && event.message !== undefined) failed(event, event.message)
      }),
      streams.on('receiverError', (event) => failed(event, event.message)),
    ]
  }

  completed({ inputs }: BatchInfo, batchInterval: number): void {
    for (const input of inputs) {
      const known = this.#rows.get(input.stream)
      this.#change(input, {
        records: (known?.records ?? 0) + (input.records ?? 0),
        bytes: (known?.bytes ?? 0) + input.bytes,
        dropped: (known?.dropped ?? 0) + (input.dropped ?? 0),
        perSecond: ((input.records ?? 0) * 1000) / batchInterval,
        limit: input.rate,
        description: (input.description ?? known?.description)?.slice(0, 500),
      })
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

  #change({ stream, name }: Of, change: Partial<ConnectorRow>): void {
    const known = this.#rows.get(stream)
    if (known) Object.assign(known, { name }, change)
    else
      this.#rows.set(stream, { stream, name, state: 'running', records: 0, bytes: 0, dropped: 0, errors: 0, ...change })
  }
}

interface Of {
  readonly stream: number
  readonly name: string
}
