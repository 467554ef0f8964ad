import type { OperationFigures } from '../../protocol.js'

/** Records of each loop of a task whose operations are measured one by one. */
const MEASURED = 512
/** Readings of the clock from which its own cost is estimated: the fastest of several rounds. */
const ROUNDS = 20
const READINGS = 100

/** The figures of one loop: those of its measured records, and the number of all its records. */
export class LoopSample {
  /** Records that may still be measured. */
  room = MEASURED
  /** Records of the loop that were not measured. */
  others = 0
  /** By step: records that entered it, and the ms of its function. */
  readonly entered: Float64Array
  readonly ms: Float64Array
  readonly labels: readonly string[]

  constructor(labels: readonly string[]) {
    this.labels = labels
    // The last entry counts the records that leave the last step.
    this.entered = new Float64Array(labels.length + 1)
    this.ms = new Float64Array(labels.length)
  }
}

/**
 * The figures of the operations inside one task. Its first records go through a loop that counts and times each step;
 * the figures of all records are estimated from theirs. So the cost of a sample does not grow with the task.
 */
export class OperationSample {
  readonly #loops = new Map<object, LoopSample>()
  readonly #whole = new Map<string, OperationFigures>()

  /** Returns the figures of a loop, which `key` identifies. */
  of(key: object, labels: readonly string[]): LoopSample {
    let loop = this.#loops.get(key)
    if (!loop) this.#loops.set(key, (loop = new LoopSample(labels)))
    return loop
  }

  /** Returns how many more records of a loop are measured. */
  roomOf(key: object): number {
    return this.#loops.get(key)?.room ?? MEASURED
  }

  /** Counts records that kernels ran instead of a loop. */
  skipped(key: object, records: number): void {
    const loop = this.#loops.get(key)
    if (loop) loop.others += records
  }

  /** Adds the figures of an operation that was measured as a whole. */
  add({ label, recordsIn, recordsOut, ms }: OperationFigures): void {
    const known = this.#whole.get(label)
    this.#whole.set(label, {
      label,
      recordsIn: recordsIn + (known?.recordsIn ?? 0),
      recordsOut: recordsOut + (known?.recordsOut ?? 0),
      ms: ms + (known?.ms ?? 0),
    })
  }

  /** Measures an operation that takes a whole partition, and may compute its results when they are read. */
  partition(label: string, recordsIn: number, run: () => Iterable<unknown>): Iterable<unknown> {
    const began = performance.now()
    const results = run()
    const ms = performance.now() - began
    if (!Array.isArray(results)) return this.#lazy(label, recordsIn, results, ms)
    this.add({ label, recordsIn, recordsOut: results.length, ms })
    return results
  }

  /**
   * Returns the estimated figures of the whole task, by operation. First records run in cold code, and kernels run others without
   * functions, so the sum of times is limited to the run time of the task.
   */
  report(runMs: number): OperationFigures[] {
    for (const loop of this.#loops.values()) this.#addLoop(loop)
    this.#loops.clear()
    const all = [...this.#whole.values()]
    const total = all.reduce((sum, { ms }) => sum + ms, 0)
    return total <= runMs ? all : all.map((figures) => ({ ...figures, ms: figures.ms * (runMs / total) }))
  }

  *#lazy(label: string, recordsIn: number, results: Iterable<unknown>, started: number): Iterable<unknown> {
    let [recordsOut, ms] = [0, started]
    const iterator = results[Symbol.iterator]()
    try {
      for (;;) {
        const began = performance.now()
        const next = iterator.next()
        ms += performance.now() - began
        if (next.done) return
        recordsOut++
        yield next.value
      }
    } finally {
      iterator.return?.()
      this.add({ label, recordsIn, recordsOut, ms: Math.max(0, ms - recordsOut * clockMs()) })
    }
  }

  #addLoop({ labels, entered, ms, others }: LoopSample): void {
    const measured = entered[0]!
    if (measured === 0) return
    const scale = (measured + others) / measured
    const clock = clockMs()
    for (let i = 0; i < labels.length; ) {
      // An operation may be several steps.
      let end = i + 1
      while (end < labels.length && labels[end] === labels[i]) end++
      let own = 0
      for (let step = i; step < end; step++) own += Math.max(0, ms[step]! - entered[step]! * clock)
      const [recordsIn, recordsOut] = [Math.round(entered[i]! * scale), Math.round(entered[end]! * scale)]
      this.add({ label: labels[i]!, recordsIn, recordsOut, ms: own * scale })
      i = end
    }
  }
}

let reading: number | undefined

/** Ms that one reading of the clock adds to a measured call. */
function clockMs(): number {
  if (reading !== undefined) return reading
  reading = Number.POSITIVE_INFINITY
  for (let round = 0; round < ROUNDS; round++) {
    const began = performance.now()
    for (let i = 0; i < READINGS; i++) performance.now()
    reading = Math.min(reading, (performance.now() - began) / READINGS)
  }
  return reading
}
