#!/usr/bin/env node
// Simulates the X (Twitter) v2 filtered stream, as a process of its own on loopback.
//
//   node examples/support/x-stream.mjs --port 0 --rate 2000 --duration 20s
//
//   --port N        port on 127.0.0.1; 0 (default) uses a free one, which the first line on stdout reports
//   --rate N        posts per second, 2000 by default; 0: as fast as the client reads
//   --seed N        7 by default; seed, --tags and --posts determine the posts, except for created_at
//   --tags N        different hashtags, 5000 by default
//   --posts N       end after N posts
//   --duration T    end T after the first client came; 20s by default, unless --posts is set
//   --keep-alive T  an empty line every T, 1s by default
//   --token TEXT    the bearer token, "demo" by default
//   --linger T      how long the process runs after the last request for /stats; 10s by default
//   --fixed-time    created_at counts up from 2026-01-01, a millisecond per post
//
//   GET /2/tweets/search/stream   the posts, each a line of JSON ended by \r\n; whatever fields the query asks for, all
//                                 of them are sent. One client at a time: a second gets 429. When a client disconnects,
//                                 the next one gets the following posts. Posts written to a connection count as sent,
//                                 even if the client did not read them: the real service does not replay either.
//   GET, POST /2/tweets/search/stream/rules   the rules; at first there is one. Without rules the stream answers 409. All posts
//                                 match, whatever the rules say.
//   GET /stats                    counts of sent posts; with ?final=1 the process ends --linger later
//
// It ends on SIGTERM, or when its stdin is a pipe and closes.
import http from 'node:http'
import { setTimeout as delay } from 'node:timers/promises'
import { count, duration, flag, rate, readFlags, string } from './flags.mjs'
import { announce, endWithParent } from './lifecycle.mjs'
import { SeededRandom } from './random.mjs'
import { sendPosts } from './x-connection.mjs'
import { Feed } from './x-feed.mjs'
import { RULES_PATH, Rules } from './x-rules.mjs'

const STREAM_PATH = '/2/tweets/search/stream'
/** Milliseconds that a new client waits for the previous one to close: a reconnect may overtake the close. */
const HANDOVER = 500

const flags = readFlags(
  {
    ...{ port: count, rate, seed: count, tags: count, posts: count, duration },
    ...{ 'keep-alive': duration, token: string, linger: duration, 'fixed-time': flag },
  },
  {
    ...{ port: 0, rate: 2000, seed: 7, tags: 5000 },
    ...{ 'keep-alive': 1000, token: 'demo', linger: 10_000, 'fixed-time': false },
  },
)
const posts = flags.posts ?? Number.POSITIVE_INFINITY
const lasts = flags.duration ?? (flags.posts === undefined ? 20_000 : Number.POSITIVE_INFINITY)
if (flags.tags === 0 || flags['keep-alive'] === 0) {
  console.error('--tags and --keep-alive must be above 0.')
  process.exit(2)
}

const feed = new Feed({ seed: flags.seed, tags: flags.tags, posts, fixedTime: flags['fixed-time'] })
const cuts = new SeededRandom(flags.seed, 0xffffffff)
const rules = new Rules()
rules.answer('POST', new URLSearchParams(), JSON.stringify({ add: [{ value: 'cat', tag: 'first' }] }))
const connections = []
let endsAt = Number.POSITIVE_INFINITY
/** The connection that has the stream: settled when the last byte for it was written. */
let active

const server = http.createServer((request, response) => {
  const url = new URL(request.url, 'http://127.0.0.1')
  if (request.method !== 'GET' && url.pathname !== RULES_PATH)
    return refuse(response, 405, 'Method Not Allowed', `${request.method} is not supported.`)
  if (url.pathname === '/stats') return answerStats(response, url.searchParams.get('final') === '1')
  if (url.pathname !== STREAM_PATH && url.pathname !== RULES_PATH)
    return refuse(response, 404, 'Not Found', `No resource at ${url.pathname}.`)
  if (request.headers.authorization !== `Bearer ${flags.token}`) {
    return refuse(response, 401, 'Unauthorized', 'The bearer token is missing or wrong.')
  }
  if (url.pathname === RULES_PATH) return answerRules(request, response, url.searchParams)
  if (rules.list.length === 0) return refuse(response, 409, 'ConnectionException', 'There are no rules.')
  serveStream(response)
})

async function answerRules(request, response, query) {
  let body = ''
  for await (const piece of request) body += piece
  try {
    const { status, body: answer } = rules.answer(request.method, query, body)
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8' }).end(JSON.stringify(answer))
  } catch (error) {
    refuse(response, 400, 'Invalid Request', error.message)
  }
}

async function serveStream(response) {
  if (active !== undefined) await Promise.race([active, delay(HANDOVER)])
  // Checked after the wait: of two waiting clients, one continues.
  if (active !== undefined) {
    return refuse(response, 429, 'ConnectionException', 'This stream is at its maximum of one connection.', {
      connection_issue: 'TooManyConnections',
    })
  }
  response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' })
  response.flushHeaders()
  if (endsAt === Number.POSITIVE_INFINITY) endsAt = performance.now() + lasts
  const counts = { openedAt: Date.now(), closedAt: null, posts: 0, tags: 0, bytes: 0, keepAlives: 0 }
  connections.push(counts)
  active = sendPosts(response, feed, { rate: flags.rate, keepAlive: flags['keep-alive'], endsAt, cuts }, counts)
  await active
  active = undefined
  counts.closedAt = Date.now()
  response.end()
  if (isDone()) announce({ done: { posts: feed.posts, tags: feed.tags } })
}

const isDone = () => active === undefined && (feed.finished || performance.now() >= endsAt)

function answerStats(response, final) {
  if (final) setTimeout(() => process.exit(0), flags.linger)
  response.writeHead(200, { 'content-type': 'application/json; charset=utf-8' })
  response.end(JSON.stringify({ ...feed.stats(), done: isDone(), connections }))
}

function refuse(response, status, title, detail, more = {}) {
  response.writeHead(status, { 'content-type': 'application/problem+json' })
  response.end(JSON.stringify({ title, detail, type: 'about:blank', status, ...more }))
}

endWithParent(() => process.exit(0))
server.listen(flags.port, '127.0.0.1', () => {
  const { port } = server.address()
  announce({ listening: { port, url: `http://127.0.0.1:${port}${STREAM_PATH}?tweet.fields=entities` } })
})
