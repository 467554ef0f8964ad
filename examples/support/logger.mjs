/** The end of what a sender has to send, and what follows from it: the source asks for more as long as it lives. */
const END =
  /the answer is at its end|closed by the server|ECONNREFUSED|X has closed the stream|posts of this time are missing/

const nothing = () => {}

/** Warnings and errors to stderr, but not that a sender is finished: these examples end with their senders. */
export const quietAtTheEnd = {
  debug: nothing,
  info: nothing,
  warn(message, details) {
    if (!END.test(message)) console.error(`millrace: ${message}`, details ?? '')
  },
  error: (message, details) => console.error(`millrace: ${message}`, details ?? ''),
}
