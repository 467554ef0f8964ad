import { ExchangeBoard } from '../../blocks/exchange-board.js'
import type { TaskExchange, TaskInput, WrittenBlock } from '../../protocol.js'
import { PROGRESS } from '../../thread-status.js'
import { faultPoint } from './fault-points.js'
import type { SegmentTable } from './segment-table.js'

/**
 * Ms that a reduce task sleeps until its map outputs are published. After that, the driver plans it again and the
 * thread is free.
 */
const PATIENCE_MS = 100

/** One task's part in an exchange of map outputs between threads, without the driver. */
export class Exchanged {
  readonly #board: ExchangeBoard
  readonly #place: number | undefined
  readonly #segments: SegmentTable
  readonly #status: Int32Array

  constructor({ board, place }: TaskExchange, segments: SegmentTable, status: Int32Array) {
    this.#board = new ExchangeBoard(board)
    this.#place = place
    this.#segments = segments
    this.#status = status
  }

  /** Checksums of the outputs taken. */
  took: number[] | undefined

  /**
   * Returns the inputs with the promised outputs; undefined if they do not arrive, or this thread lacks their memory.
   */
  inputs(planned: readonly TaskInput[]): readonly TaskInput[] | undefined {
    const inputs: TaskInput[] = []
    for (const input of planned) {
      if (input.in !== 'exchange') {
        inputs.push(input)
        continue
      }
      const outputs = this.#board.take(input.first, input.count, this.#patience())
      if (!outputs?.every((block) => this.#segments.reaches(block))) return undefined
      this.took ??= []
      for (const { crc } of outputs) this.took.push(crc)
      inputs.push({ in: 'shuffle', outputs, partition: input.partition, dealt: input.dealt })
    }
    if (this.#place === undefined) faultPoint('exchange:taken')
    return inputs
  }

  /** Publishes the output of this map task to the reduce tasks. */
  publish(written: readonly WrittenBlock[]): void {
    if (this.#place === undefined) return
    this.#board.publish(this.#place, written.find(({ as }) => as === 'shuffle')!.block)
    faultPoint('exchange:published')
  }

  abandon(): void {
    if (this.#place !== undefined) this.#board.abandon(this.#place)
  }

  /** Counts waiting as progress, so that the driver does not replace the thread. */
  #patience(): () => boolean {
    const until = performance.now() + PATIENCE_MS
    return () => {
      this.#status[PROGRESS]!++
      return performance.now() < until
    }
  }
}
