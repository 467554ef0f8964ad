import { afterEach, expect, test } from 'vitest'
import { startProcess } from '../../examples/support/spawn.mjs'
import { countTags, open, read, type Stats, stats } from './stream-client.js'

const file = new URL('../../examples/support/x-stream.mjs', import.meta.url)

const running: { stop(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(running.splice(0).map((process) => process.stop()))
})

async function start(...args: (string | number)[]) {
  const process = await startProcess(file, args)
  running.push(process)
  return { ...process, url: process.info.url as string }
}

test('asks for the token and for the right path', async () => {
  const { url } = await start('--token', 'secret')
  expect((await fetch(url)).status).toBe(401)
  expect((await fetch(url, { headers: { authorization: 'Bearer demo' } })).status).toBe(401)
  expect((await fetch(new URL('/2/tweets', url))).status).toBe(404)
  expect((await fetch(url, { method: 'POST' })).status).toBe(405)
  expect(await stats(url)).toMatchObject({ posts: 0, tags: 0, counts: {}, firstAt: null, lastAt: null, done: false })
})

test('every post parses after rejoining, and the counts of both sides agree', async () => {
  const before = Date.now()
  const { url, messages } = await start('--rate', 2000, '--posts', 600, '--keep-alive', '20ms')
  const seen = await read(await open(url))
  const counted = await stats(url)

  expect(seen.posts).toHaveLength(600)
  expect(counted).toMatchObject({ posts: 600, done: true, counts: countTags(seen.posts) })
  expect(counted.tags).toBe(Object.values(counted.counts).reduce((sum, count) => sum + count, 0))
  expect(counted.firstAt).toBeGreaterThanOrEqual(before)
  expect(messages).toEqual([{ done: { posts: 600, tags: counted.tags } }])

  const empty = seen.lines.filter((line) => line === '').length
  expect(empty).toBeGreaterThan(0)
  expect(counted.connections).toMatchObject([{ posts: 600, keepAlives: empty }])

  for (const { data } of seen.posts) {
    expect(Date.parse(data.created_at)).toBeGreaterThanOrEqual(before)
    expect(Date.parse(data.created_at)).toBeLessThanOrEqual(counted.lastAt ?? 0)
    for (const { start, end, tag } of data.entities?.hashtags ?? []) {
      expect([...data.text].slice(start, end).join('')).toBe(`#${tag}`)
    }
  }
})

test('the pieces are cut inside lines and inside characters', async () => {
  // At this rate a write has a few posts: far less than a client reads at once, so that the sender made the cuts. It has
  // more after a pause that the machine made: those pieces do not count.
  const { url } = await start('--rate', 2000, '--posts', 4000)
  const seen = await read(await open(url))
  expect(seen.posts).toHaveLength(4000)
  const chunks = seen.chunks.filter((chunk) => chunk.length < 16_000)
  const continued = (byte: number | undefined) => byte !== undefined && (byte & 0xc0) === 0x80
  expect(chunks.some((chunk) => continued(chunk[0]))).toBe(true)
  expect(chunks.some((chunk) => chunk.at(-1) !== 0x0a && !continued(chunk.at(-1)))).toBe(true)
})

test('keep-alives come while there are no posts', async () => {
  const { url } = await start('--rate', 0.001, '--keep-alive', '10ms')
  const response = await open(url)
  let text = ''
  for await (const chunk of response) {
    text += chunk
    if (/\}(\r\n){4,}$/.test(text)) break
  }
  expect(text).toMatch(/^(\r\n)*\{.*\}(\r\n){4,}$/)
})

test('a client that comes back gets what follows, and nothing twice', async () => {
  // More than fits between the two, so that the sender blocks when the receiver does not read.
  const last = 60_000
  const { url } = await start('--rate', 0, '--posts', last)
  const first = await read(await open(url), 50)
  const second = await read(await open(url))
  const counted = await stats(url)

  const ids = second.posts.map((post) => Number(post.data.id.slice(2)))
  expect(ids).toEqual(Array.from(ids, (_, i) => (ids[0] as number) + i))
  expect(ids.at(-1)).toBe(last)
  expect(ids[0]).toBeGreaterThan(first.posts.length)

  const [one, two] = counted.connections
  expect(counted.connections).toHaveLength(2)
  expect(two?.posts).toBe(second.posts.length)
  expect(one?.posts).toBe((ids[0] as number) - 1)
  expect(counted.posts).toBe(last)
})

test('a second client is turned away while the first one is there', async () => {
  const { url } = await start('--rate', 100, '--duration', '20s')
  const first = await open(url)
  const second = await fetch(url, { headers: { authorization: 'Bearer demo' } })
  expect(second.status).toBe(429)
  expect(await second.json()).toMatchObject({ connection_issue: 'TooManyConnections' })
  first.destroy()
})

test('a client that does not read holds the sender up, and loses nothing', async () => {
  const posts = 60_000
  const { url } = await start('--rate', 0, '--posts', posts)
  const response = await open(url)
  // The receiver does not read: the buffers between the two fill up, and the sender blocks.
  let last: Stats = await stats(url)
  for (let still = 0; still < 20; ) {
    const next = await stats(url)
    still = next.posts === last.posts && next.posts > 0 ? still + 1 : 0
    last = next
  }
  expect(last.posts).toBeLessThan(posts)
  expect(last.done).toBe(false)
  const seen = await read(response)
  expect(seen.posts).toHaveLength(posts)
  expect((await stats(url)).counts).toEqual(countTags(seen.posts))
})

test('the same seed gives the same bytes with fixed time', async () => {
  const run = async (seed: number) => {
    const { url } = await start('--rate', 0, '--posts', 3000, '--seed', seed, '--keep-alive', '1h', '--fixed-time')
    return (await read(await open(url))).lines
  }
  const [one, two, other] = await Promise.all([run(11), run(11), run(12)])
  expect(one).toHaveLength(3000)
  expect(two).toEqual(one)
  expect(other).not.toEqual(one)
})

test('ends after the last question', async () => {
  const { url, done } = await start('--posts', 1, '--linger', '20ms')
  await read(await open(url))
  expect((await stats(url, '?final=1')).posts).toBe(1)
  expect(await done).toBe(0)
})
