import type { AckAfter, Receipt } from '../../ops/source.js'

/**
 * Least time between two seals for acknowledgements, in ms. Each seal creates a block, which costs a registration and a
 * message. On the other hand, a service that waits for each acknowledgement must not wait for a whole batch.
 */
const SEAL_EVERY_MS = 5

export interface ReceiptsOptions {
  readonly ackAfter: AckAfter
  readonly owner: ReceiptsOwner
}

/** The buffer that holds the data of the receipts. */
export interface ReceiptsOwner {
  /** Seals the data that has arrived, then reports up to where: receipts wait for it. Must not throw. */
  sealForReceipts(): void
  /** Called when a source's `ack` or `nack` threw. */
  receiptFailed(error: unknown): void
}

/** A receipt, and the end position of its data in everything that the receiver has received. */
interface Open {
  readonly receipt: Receipt
  readonly after: AckAfter
  readonly end: number
}

/** Settles the receipts of one receiver, each once and in order: when their data is stored, or when it is processed. */
export class Receipts {
  readonly #ackAfter: AckAfter
  readonly #owner: ReceiptsOwner
  /** Receipts of data that is not sealed. */
  #open: Open[] = []
  /** With `stored`: receipts of sealed data that is not in the write-ahead log yet. */
  #sealed: Open[] = []
  /** With `processed`: receipts of sealed data that no batch has yet. */
  #stored: Receipt[] = []
  /** With `processed`: receipts of batches that may run again, by batch time. */
  readonly #batches = new Map<number, readonly Receipt[]>()
  #sealedAt = Number.NEGATIVE_INFINITY
  #cancelSeal: (() => void) | undefined

  constructor({ ackAfter, owner }: ReceiptsOptions) {
    this.#ackAfter = ackAfter
    this.#owner = owner
  }

  /** Adds the receipt of data that ends at `end`. */
  add(receipt: Receipt, end: number): void {
    const { after = this.#ackAfter } = receipt
    this.#open.push({ receipt, after, end })
    if (after === 'stored') this.#sealSoon()
  }

  /** Called when the data before `end` is in sealed blocks that have their owners. The next batch contains it. */
  sealed(end: number): void {
    this.#cancelSeal?.()
    this.#cancelSeal = undefined
    for (const open of takeUntil(this.#open, end)) {
      if (open.after === 'stored') this.#sealed.push(open)
      else this.#stored.push(open.receipt)
    }
  }

  /** The sealed data before `end` is as safe as it can be: in the write-ahead log, if there is one. */
  stored(end: number): void {
    this.#ack(takeUntil(this.#sealed, end).map(({ receipt }) => receipt))
  }

  /** Called when the stored data belongs to the batch at `time`. */
  assigned(time: number): void {
    if (this.#stored.length === 0) return
    this.#batches.set(time, this.#stored)
    this.#stored = []
  }

  /** Called when the batch at `time` has no data after all: the next batch contains it. */
  putBack(time: number): void {
    this.#stored = [...(this.#batches.get(time) ?? []), ...this.#stored]
    this.#batches.delete(time)
  }

  /** Called when batches up to `time` will not run again. */
  processed(time: number): void {
    for (const [at, receipts] of this.#batches) {
      if (at > time) return
      this.#batches.delete(at)
      this.#ack(receipts)
    }
  }

  /**
   * Called when the stream has stopped: data whose receipts are not settled is lost here. `kept`: the reason for data
   * that was sealed but not processed.
   */
  reject(reason: Error, kept = reason): void {
    this.rejectOpen(reason)
    this.#nack(
      this.#sealed.splice(0).map(({ receipt }) => receipt),
      reason,
    )
    const rest = [...[...this.#batches.values()].flat(), ...this.#stored.splice(0)]
    this.#batches.clear()
    this.#nack(rest, kept)
  }

  /** The same for data that is not sealed, because no batch will contain it. */
  rejectOpen(reason: Error): void {
    this.#cancelSeal?.()
    this.#cancelSeal = undefined
    this.#nack(
      this.#open.splice(0).map(({ receipt }) => receipt),
      reason,
    )
  }

  /**
   * Seals at the end of this turn of the event loop, or a little later, so that everything that arrives in the turn
   * shares a block.
   */
  #sealSoon(): void {
    if (this.#cancelSeal) return
    const wait = this.#sealedAt + SEAL_EVERY_MS - performance.now()
    const seal = () => {
      this.#cancelSeal = undefined
      this.#sealedAt = performance.now()
      this.#owner.sealForReceipts()
    }
    if (wait > 0) {
      const timer = setTimeout(seal, wait)
      this.#cancelSeal = () => clearTimeout(timer)
    } else {
      const immediate = setImmediate(seal)
      this.#cancelSeal = () => clearImmediate(immediate)
    }
  }

  #ack(receipts: readonly Receipt[]): void {
    for (const receipt of receipts) this.#settle(() => receipt.ack())
  }

  #nack(receipts: readonly Receipt[], reason: Error): void {
    for (const receipt of receipts) this.#settle(() => receipt.nack?.(reason))
  }

  /** If one receipt throws, the others must still be settled. */
  #settle(call: () => void): void {
    try {
      call()
    } catch (error) {
      this.#owner.receiptFailed(error)
    }
  }
}

function takeUntil(open: Open[], end: number): Open[] {
  const next = open.findIndex((each) => each.end > end)
  return open.splice(0, next < 0 ? open.length : next)
}
