// Trending topics: the hashtags of the X filtered stream, counted over the last ten minutes, every second.
import { definePipeline } from 'millrace'
import { type XPost, xFilteredSource } from 'millrace/x'

export interface Params {
  /** The service: X, or its simulation. */
  readonly url: string
  /** Directory for the tags of each batch. */
  readonly out: string
  /** Time between two results; default '1s'. */
  readonly every?: string
}

/** The fields of a post that are used below; `at` is the time of writing, in ms. */
interface Post {
  readonly at: number
  readonly tags: readonly string[]
}

/** A tag and its number of occurrences. */
export type Count = [tag: string, count: number]

/** The fields that the source asks for. */
interface Fields {
  readonly created_at: string
  readonly entities?: { readonly hashtags?: readonly { readonly tag: string }[] }
}

function toPost({ data }: XPost): Post {
  const { created_at, entities } = data as XPost['data'] & Fields
  return { at: Date.parse(created_at), tags: (entities?.hashtags ?? []).map(({ tag }) => tag) }
}

/** Most frequent first; tags with equal counts by their text, so that the order is the same every time. */
const byCount = ([a, n]: Count, [b, m]: Count): number => m - n || (a < b ? -1 : 1)

const topTen = (counts: Iterable<Count>): Count[] => [...counts].sort(byCount).slice(0, 10)

export default definePipeline<Params>((ssc, { url, out, every = '1s' }) => {
  const stream = xFilteredSource({
    url,
    bearerToken: 'demo',
    rules: [{ value: '#demo', tag: 'demo' }],
    fields: { tweet: ['created_at', 'entities'] },
  })
  const posts = ssc.input(stream).map(toPost).cache()
  const tags = posts.flatMap((post) => post.tags)
  const counts = tags.countByValueAndWindow('10m', every)

  // First the ten of each partition, so that few records are shuffled; then the ten of those.
  counts.mapPartitions(topTen).repartition(1).mapPartitions(topTen).output('top')

  // For the demo's summary: the number of posts by time of writing, and all counts.
  posts
    .map((post) => post.at)
    .countByValue()
    .output('arrivals')
  counts.output('counts')
  tags.saveAsTextFiles(`${out}/tags`)
})
