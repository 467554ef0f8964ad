import { momentOf, nowMicros } from './lines-sent.mjs'
import { median, quantile, weightedQuantile } from './stats.mjs'

/** Collects the times of one run's batches from the moment `from` (microseconds) on; earlier batches are cold. */
export class Delays {
  #from
  #processing = []
  #scheduling = []
  #arrivals = []
  #tell
  /** Resolves when there is a figure of each kind: on a busy machine, no run of seconds guarantees that. */
  known = new Promise((resolve) => {
    this.#tell = () => this.#processing.length > 0 && this.#arrivals.length > 0 && resolve()
  })

  constructor(from) {
    this.#from = from
  }

  /** One batch that ran from `started` to `ended`, due at `due`; all in microseconds. */
  batch(due, started, ended) {
    if (started < this.#from) return
    this.#scheduling.push((started - due) / 1000)
    this.#processing.push((ended - started) / 1000)
    this.#tell()
  }

  /** Word counts that the host has just received. The timestamps among the words count the lines of that moment. */
  output(counts) {
    const now = nowMicros()
    if (now < this.#from) return
    for (const [word, weight] of counts) {
      const moment = momentOf(word)
      if (moment !== undefined) this.#arrivals.push({ value: (now - moment) / 1000, weight })
    }
    this.#tell()
  }

  summary() {
    return {
      batches: this.#processing.length,
      lines: this.#arrivals.reduce((sum, { weight }) => sum + weight, 0),
      processing: centiles(this.#processing),
      scheduling: centiles(this.#scheduling),
      arrivalToOutput: {
        p50: weightedQuantile(this.#arrivals, 0.5),
        p99: weightedQuantile(this.#arrivals, 0.99),
      },
    }
  }
}

function centiles(values) {
  return { p50: quantile(values, 0.5), p99: quantile(values, 0.99) }
}

/** The medians of several runs' summaries. */
export function medians(summaries) {
  const of = (pick) => median(summaries.map(pick))
  const pair = (pick) => ({ p50: of((s) => pick(s).p50), p99: of((s) => pick(s).p99) })
  return {
    batches: of((s) => s.batches),
    lines: of((s) => s.lines),
    processing: pair((s) => s.processing),
    scheduling: pair((s) => s.scheduling),
    arrivalToOutput: pair((s) => s.arrivalToOutput),
  }
}
