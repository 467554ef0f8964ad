import { Distribution, SeededRandom, zipf } from './random.mjs'
import { TAG_STEMS, TEXTS } from './x-words.mjs'

/** Hashtags per post, from none to four, in percent: 1.39 on average. */
const TAGS_PER_POST = [25, 35, 22, 12, 6]
const TAG_COUNTS = new Distribution(TAGS_PER_POST)

// JSON text of a string without its quotes, and its length as the service counts: in code points.
const escaped = (text) => JSON.stringify(text).slice(1, -1)
const codePoints = (text) => [...text].length

const TEMPLATES = TEXTS.map(([lang, head, tail]) => ({
  head: escaped(head),
  tail: escaped(tail),
  lang,
  at: codePoints(head),
}))

const LINK = 'https://t.co/a1B2c3D4e5'

/** @param {number} amount @returns {string[]} the tags by rank, all different, without '#' */
export const tagNames = (amount) =>
  Array.from({ length: amount }, (_, k) => {
    const stem = TAG_STEMS[k % TAG_STEMS.length]
    return k < TAG_STEMS.length ? stem : `${stem}${Math.floor(k / TAG_STEMS.length) + 1}`
  })

/**
 * Creates posts: number, seed and count of tags determine everything in a post except `created_at`. Tags follow a Zipf
 * distribution (the k-th tag is drawn in proportion to 1 / k); a post may have a tag twice, and both count. About
 * 3 µs a post.
 */
export class PostFactory {
  /** The tags' names by their number. */
  names
  #sizes
  #random
  #tags

  /** @param {{ seed: number, tags: number }} options */
  constructor({ seed, tags }) {
    this.names = tagNames(tags)
    this.#sizes = this.names.map(codePoints)
    this.#random = new SeededRandom(seed)
    this.#tags = zipf(tags)
  }

  /**
   * @param {number} index of the post, from 0
   * @param {string} createdAt in the form 2026-01-31T12:00:00.000Z
   * @param {number[]} drawn gets the numbers of the post's tags
   * @returns {string} the post as a line of JSON that ends with '\r\n'
   */
  line(index, createdAt, drawn) {
    const random = this.#random
    random.seek(index)
    const template = TEMPLATES[random.below(TEMPLATES.length)]
    const author = random.below(1_000_000)
    let text = template.head
    let at = template.at
    let hashtags = ''
    for (let left = TAG_COUNTS.draw(random); left > 0; left--) {
      const tag = this.#tags.draw(random)
      const name = this.names[tag]
      const end = at + 2 + this.#sizes[tag]
      hashtags += `${hashtags === '' ? '' : ','}{"start":${at + 1},"end":${end},"tag":"${name}"}`
      text += ` #${name}`
      at = end
      drawn.push(tag)
    }
    const id = `19${String(index + 1).padStart(17, '0')}`
    // A post without hashtags has no `hashtags`: its entities contain something else, or are absent.
    let entities = ''
    if (hashtags !== '') entities = `"entities":{"hashtags":[${hashtags}]},`
    else if (author & 1) {
      text += ` ${LINK}`
      entities = `"entities":{"urls":[{"start":${at + 1},"end":${at + 1 + LINK.length},"url":"${LINK}"}]},`
    }
    const data = `"data":{"author_id":"${2_000_000_000 + author}","created_at":"${createdAt}","edit_history_tweet_ids":["${id}"],${entities}"id":"${id}","lang":"${template.lang}","text":"${text}${template.tail}"}`
    const rules = '"matching_rules":[{"id":"1166916266197536768","tag":"demo"}]'
    // The service promises no order of fields.
    return (author & 7) === 0 ? `{${rules},${data}}\r\n` : `{${data},${rules}}\r\n`
  }
}
