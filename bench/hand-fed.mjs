/** A receiver that gets its bytes by hand, like bytes of a socket. */
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

  /** Passes bytes in place, 64 KiB at a time like a read. */
  feed(bytes) {
    for (let at = 0; at < bytes.length; ) {
      const length = bytes.copy(this.#sink.space(), 0, at)
      this.#sink.advance(length)
      at += length
    }
  }
}
