/** A receiver that gets its bytes by hand, as a socket would bring them. */
export class HandFed {
  #sink
  /** For `ssc.input`. */
  source = {
    kind: 'receiver',
    name: 'bench',
    codec: 'text',
    create: () => ({
      start: async (sink) => {
        this.#sink = sink
      },
      stop: async () => {},
    }),
  }

  /** Hands over bytes in place: what a read of 64 KiB brings at a time. */
  feed(bytes) {
    for (let at = 0; at < bytes.length; ) {
      const length = bytes.copy(this.#sink.space(), 0, at)
      this.#sink.advance(length)
      at += length
    }
  }
}
