// What is talked about: the hashtags of the X filtered stream, counted over the last ten minutes, every second.
import { definePipeline } from 'millrace'

export interface Params {
  /** Of the filtered stream. */
  readonly url: string
  /** Directory for the tags of each batch. */
  readonly out: string
  /** How often there is a result: '1s' unless given. */
  readonly every?: string
}

/** Of a post only what is used below; `at` is when it was written, in ms. */
interface Post {
  readonly at: number
  readonly tags: readonly string[]
}

/** A tag and how often it occurred. */
export type Count = [tag: string, count: number]

function toPost(line: string): Post {
  const { data } = JSON.parse(line)
  const hashtags: { readonly tag: string }[] = data.entities?.hashtags ?? []
  return { at: Date.parse(data.created_at), tags: hashtags.map(({ tag }) => tag) }
}

/** Most frequent first; tags of one count in the order of their text, so that a list is the same every time. */
const byCount = ([a, n]: Count, [b, m]: Count): number => m - n || (a < b ? -1 : 1)

const topTen = (counts: Iterable<Count>): Count[] => [...counts].sort(byCount).slice(0, 10)

export default definePipeline<Params>((ssc, { url, out, every = '1s' }) => {
  const posts = ssc
    .httpTextStream(url, { headers: { authorization: 'Bearer demo' } })
    .map(toPost)
    .cache()
  const tags = posts.flatMap((post) => post.tags)
  const counts = tags.countByValueAndWindow('10m', every)

  // Each partition's ten first, so that few records travel; then the ten of those.
  counts.mapPartitions(topTen).repartition(1).mapPartitions(topTen).output('top')

  // What the demo needs for its summary: how many posts a batch had of each moment, and all counts.
  posts
    .map((post) => post.at)
    .countByValue()
    .output('arrivals')
  counts.output('counts')
  tags.saveAsTextFiles(`${out}/tags`)
})
