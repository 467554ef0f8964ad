import { texts } from '../../plain.mjs'

/** Calls `each` with every line of ASCII bytes. */
export function eachLine(bytes, each) {
  texts(bytes, (text) => {
    for (const line of text.split('\n')) each(line)
  })
}
