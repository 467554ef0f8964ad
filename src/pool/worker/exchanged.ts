import { ExchangeBoard } from '../blocks/exchange-board.js'
import type { TaskExchange, TaskInput, WrittenBlock } from '../protocol.js'
import { PROGRESS } from '../vitals.js'
import { faultPoint } from './fault-points.js'
import type { SegmentTable } from './segment-table.js'

/** How long a reduce task waits for map outputs, asleep: then the driver is to plan it anew, and the thread is free. */
const PATIENCE_MS = 100

/** The part of one task in an exchange of map outputs between threads that the driver has no part in. */
export class Exchanged {
  readonly #board: ExchangeBoard
  readonly #place: number | undefined
  readonly #segments: SegmentTable
  readonly #vitals: Int32Array

  constructor({ board, place }: TaskExchange, segments: SegmentTable, vitals: Int32Array) {
    this.#board = new ExchangeBoard(board)
    this.#place = place
    this.#segments = segments
    this.#vitals = vitals
  }

  /** Checksums of the outputs taken. */
  took: number[] | undefined

  /** The inputs with the outputs that were promised; undefined if they do not come, or this thread cannot reach them. */
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

  /** Tells the reduce tasks what this map task has written. */
  publish(written: readonly WrittenBlock[]): void {
    if (this.#place === undefined) return
    this.#board.publish(this.#place, written.find(({ as }) => as === 'shuffle')!.block)
    faultPoint('exchange:published')
  }

  giveUp(): void {
    if (this.#place !== undefined) this.#board.giveUp(this.#place)
  }

  /** A thread that waits does not stand still: it is not the one to be replaced. */
  #patience(): () => boolean {
    const until = performance.now() + PATIENCE_MS
    return () => {
      this.#vitals[PROGRESS]!++
      return performance.now() < until
    }
  }
}
