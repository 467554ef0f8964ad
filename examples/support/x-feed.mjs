import { PostFactory } from './x-posts.mjs'

/** The target size of a batch, and room for the post that exceeds it (the longest has under 2 KiB). */
const BATCH_BYTES = 64 * 1024
const ROOM = 4 * 1024
/** `created_at` of the first post with fixed time; each post is a millisecond later. */
const FIXED_START = Date.UTC(2026, 0, 1)

/**
 * The posts in order, and the number of sent ones. Only `commit` advances the position: posts that a broken connection
 * did not get are created again for the next one.
 */
export class Feed {
  #factory
  #limit
  #fixedTime
  #counts
  #position = 0
  #tags = 0
  #firstAt
  #lastAt

  /** @param {{ seed: number, tags: number, posts: number, fixedTime: boolean }} options */
  constructor({ seed, tags, posts, fixedTime }) {
    this.#factory = new PostFactory({ seed, tags })
    this.#limit = posts
    this.#fixedTime = fixedTime
    this.#counts = new Float64Array(tags)
  }

  /** Posts that were sent. */
  get posts() {
    return this.#position
  }

  /** Hashtags that were sent, repetitions included. */
  get tags() {
    return this.#tags
  }

  get finished() {
    return this.#position >= this.#limit
  }

  /**
   * The next posts: as many as fit into 64 KiB, at most `amount`, stamped with the time now.
   * @returns {{ bytes: Buffer, ends: number[], tagEnds: number[], tags: number[] }} per post: where its bytes end, and
   *   where its tags end in `tags`
   */
  batch(amount) {
    const stop = Math.min(this.#limit, this.#position + amount)
    const buffer = Buffer.allocUnsafe(Math.min(BATCH_BYTES, (stop - this.#position) * ROOM) + ROOM)
    const ends = []
    const tagEnds = []
    const tags = []
    let stamp = new Date().toISOString()
    let size = 0
    for (let i = this.#position; i < stop && size < BATCH_BYTES; i++) {
      if (this.#fixedTime) stamp = new Date(FIXED_START + i).toISOString()
      size += buffer.write(this.#factory.line(i, stamp, tags), size)
      ends.push(size)
      tagEnds.push(tags.length)
    }
    return { bytes: buffer.subarray(0, size), ends, tagEnds, tags }
  }

  /**
   * Counts the posts of the batch that lie wholly within its first `bytes` bytes as sent.
   * @returns {{ posts: number, tags: number }}
   */
  commit(batch, bytes) {
    let posts = batch.ends.length
    while (posts > 0 && batch.ends[posts - 1] > bytes) posts--
    const tags = posts === 0 ? 0 : batch.tagEnds[posts - 1]
    for (let i = 0; i < tags; i++) this.#counts[batch.tags[i]]++
    this.#position += posts
    this.#tags += tags
    if (posts > 0) {
      this.#lastAt = Date.now()
      this.#firstAt ??= this.#lastAt
    }
    return { posts, tags }
  }

  /** Posts and tags sent, the count of each tag that was sent, and when (ms since 1970; null before the first post). */
  stats() {
    const counts = {}
    for (const [tag, sent] of this.#counts.entries()) if (sent > 0) counts[this.#factory.names[tag]] = sent
    return {
      posts: this.#position,
      tags: this.#tags,
      counts,
      firstAt: this.#firstAt ?? null,
      lastAt: this.#lastAt ?? null,
    }
  }
}
