import { setImmediate as turn } from 'node:timers/promises'
import { offer, Pace, pause } from './sending.mjs'

/** Milliseconds between two writes when a rate is set: a write then has a few posts. */
const TICK = 5

/**
 * Sends posts over one response until the feed ends or the client goes away. This loop is the only writer, and it
 * writes keep-alives between batches only, so that none falls inside a message. A client that does not read holds the
 * loop up: its posts come late (and keep-alives stay out), none is left out.
 *
 * @param {{ write(bytes: Uint8Array): boolean }} response
 * @param {import('./x-feed.mjs').Feed} feed
 * @param {{ rate: number, keepAlive: number, endsAt: number, cuts: import('./random.mjs').SeededRandom }} options
 *   `endsAt` in ms of `performance.now()`
 * @param {{ posts: number, tags: number, bytes: number, keepAlives: number }} counts of this connection, kept up to date
 */
export async function sendPosts(response, feed, { rate, keepAlive, endsAt, cuts }, counts) {
  const pace = new Pace(rate, performance.now())
  let notBefore = 0
  let beatAt = performance.now() + keepAlive
  while (!response.destroyed && !feed.finished) {
    const now = performance.now()
    if (now >= endsAt) return
    if (now >= beatAt) {
      beatAt = now + keepAlive
      if (!(await offer(response, '\r\n'))) return
      counts.keepAlives++
      continue
    }
    const due = pace.due(now)
    if (due <= 0 || now < notBefore) {
      await pause(Math.min(Math.max(pace.wait(now), notBefore - now), beatAt - now, endsAt - now), response)
      continue
    }
    const batch = feed.batch(due)
    const bytes = await offerCut(response, batch.bytes, cuts)
    const sent = feed.commit(batch, bytes)
    pace.take(sent.posts)
    // After a batch with all due posts the loop waits a tick: posts accumulate, instead of a write for each.
    notBefore = batch.ends.length < due ? 0 : now + TICK
    counts.posts += sent.posts
    counts.tags += sent.tags
    counts.bytes += bytes
  }
}

/**
 * Writes the bytes in two or three pieces, cut anywhere: inside a line, inside a character, inside '\r\n'. A turn of the
 * event loop lies between two pieces, so that they leave in packets of their own.
 * @returns {Promise<number>} bytes written to the response
 */
async function offerCut(response, bytes, cuts) {
  const at = [cuts.below(bytes.length + 1), cuts.below(bytes.length + 1)].sort((a, b) => a - b)
  let from = 0
  for (const to of [...at, bytes.length]) {
    if (to === from) continue
    if (!(await offer(response, bytes.subarray(from, to)))) return from
    from = to
    await turn()
  }
  return from
}
