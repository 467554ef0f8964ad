import http from 'node:http'

/** The data that a client of the stream received. `chunks` are the pieces as they arrived. */
export interface Seen {
  readonly status: number
  readonly chunks: readonly Buffer[]
  readonly lines: readonly string[]
  readonly posts: readonly Post[]
}

export interface Post {
  readonly data: {
    readonly id: string
    readonly text: string
    readonly created_at: string
    readonly entities?: {
      readonly hashtags?: readonly { readonly start: number; readonly end: number; readonly tag: string }[]
    }
  }
}

/** Asks for the stream; resolves with the response as soon as its head is there. */
export function open(url: string, token = 'demo'): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    http.get(url, { agent: false, headers: { authorization: `Bearer ${token}` } }, resolve).once('error', reject)
  })
}

/** Reads the response to its end, or until `enough` whole posts are there; then it breaks the connection. */
export async function read(response: http.IncomingMessage, enough = Number.POSITIVE_INFINITY): Promise<Seen> {
  const chunks: Buffer[] = []
  let ends = 0
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk)
    for (let at = chunk.indexOf('}\r'); at >= 0; at = chunk.indexOf('}\r', at + 1)) ends++
    if (ends > enough) break
  }
  response.destroy()
  const lines = Buffer.concat(chunks).toString('utf8').split('\r\n')
  // The last piece is empty when the stream ended after a line, and half a post when the connection was broken.
  lines.pop()
  const posts = lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Post)
  return { status: response.statusCode ?? 0, chunks, lines, posts }
}

/** The tags of the posts, counted. */
export function countTags(posts: readonly Post[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const post of posts)
    for (const { tag } of post.data.entities?.hashtags ?? []) counts[tag] = (counts[tag] ?? 0) + 1
  return counts
}

export interface Stats {
  readonly posts: number
  readonly tags: number
  readonly counts: Record<string, number>
  readonly firstAt: number | null
  readonly lastAt: number | null
  readonly done: boolean
  readonly connections: readonly { readonly posts: number; readonly bytes: number; readonly keepAlives: number }[]
}

/**
 * What the sender says that it sent. Over a connection of its own: one that is kept for the next question may have been
 * closed by the sender while this process was busy, and the question would be lost.
 */
export async function stats(url: string, query = ''): Promise<Stats> {
  const response = await new Promise<http.IncomingMessage>((resolve, reject) => {
    http.get(new URL(`/stats${query}`, url), { agent: false }, resolve).once('error', reject)
  })
  return JSON.parse(Buffer.concat(await response.toArray()).toString()) as Stats
}
