import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { StreamingContext, type UiOptions } from 'millrace'
import { afterEach, expect, test } from 'vitest'
import { Guard } from '#build/ui/serve/guard.js'
import { Probes } from '#build/ui/serve/probes.js'
import { raw, watched } from './support.js'

const TOKEN = 'a-secret-of-this-test'
const open: { stop(): Promise<unknown> }[] = []

afterEach(async () => {
  for (const each of open.splice(0)) await each.stop()
})

/** A running stream with a page. */
async function served(ui: UiOptions = {}): Promise<{ ssc: StreamingContext; url: string }> {
  const ssc = watched({ spare: false, threads: 1, ui: { port: 0, ...ui } })
  open.push(ssc)
  ssc.queueStream([], { default: [1] }).foreachRDD((rdd) => rdd.count())
  await ssc.start()
  return { ssc, url: ssc.ui!.url! }
}

const code = ({ text }: { readonly text: string }) => JSON.parse(text).error?.code

test('requests with the host of another site are refused, also with our port', async () => {
  const { url } = await served()
  const { port } = new URL(url)
  for (const host of ['evil.example', `evil.example:${port}`, `127.0.0.1.evil.example:${port}`, '0.0.0.0']) {
    const answer = await raw(url, { path: '/api/v1/overview', headers: { host } })
    expect([answer.status, code(answer)], host).toEqual([403, 'host'])
  }
  for (const host of [`localhost:${port}`, `127.0.0.1:${port}`, '[::1]'])
    expect((await raw(url, { path: '/api/v1/overview', headers: { host } })).status, host).toBe(200)
})

test('another machine cannot name loopback as its host', () => {
  const asked = (remoteAddress: string | undefined, host: string, allowedHosts: readonly string[] = []) =>
    new Guard({ host: '127.0.0.1', token: undefined, allowedHosts, basePath: '' }).refusal({
      headers: { host },
      method: 'GET',
      socket: { remoteAddress },
    } as never)?.code
  for (const own of ['127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1', undefined])
    for (const host of ['localhost:4040', '127.0.0.1', '[::1]:4040'])
      expect(asked(own, host), `${own} ${host}`).toBe(undefined)
  for (const other of ['10.0.0.7', '::ffff:10.0.0.7', 'fe80::1', '172.17.0.1', '1127.0.0.1'])
    for (const host of ['localhost:4040', '127.0.0.1', '[::1]:4040'])
      expect(asked(other, host), `${other} ${host}`).toBe('host')
  expect(asked('172.17.0.1', 'localhost:4040', ['localhost']), 'unless it is listed').toBe(undefined)
  expect(asked('10.0.0.7', 'app.example.org', ['app.example.org'])).toBe(undefined)
})

test('the cookie of a page below a path is for that path', () => {
  const guard = new Guard({ host: '127.0.0.1', token: TOKEN, allowedHosts: [], basePath: '/streams' })
  expect(guard.cookieFor(TOKEN)).toMatch(/; Path=\/streams$/)
  expect(guard.cookieFor(`${TOKEN} `)).toBe(undefined)
})

test('requests that another site starts are refused', async () => {
  const { url } = await served()
  const path = '/api/v1/overview'
  const { origin } = new URL(url)
  expect((await raw(url, { path, headers: { origin } })).status).toBe(200)
  for (const other of [
    'http://evil.example',
    'null',
    origin.replace('http', 'https').replace(/:\d+$/, ''),
    'http://127.0.0.1:1',
  ])
    expect(code(await raw(url, { path, headers: { origin: other } })), other).toBe('origin')
  for (const site of ['cross-site', 'same-site'])
    expect(code(await raw(url, { path, headers: { 'sec-fetch-site': site } })), site).toBe('origin')
  const link = { 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate', 'sec-fetch-dest': 'document' }
  expect((await raw(url, { headers: link })).status).toBe(200)
  expect(code(await raw(url, { headers: { ...link, 'sec-fetch-dest': 'iframe' } }))).toBe('origin')
})

test('probes answer every request with the outcome, and those with access with the checks', async () => {
  const { url } = await served({ token: TOKEN })
  const headers = { host: '10.0.0.7:4040' }
  for (const path of ['/healthz', '/readyz']) {
    const answer = await raw(url, { path, headers })
    expect([answer.status, JSON.parse(answer.text)], path).toEqual([200, { ok: true }])
  }
  const withToken = { authorization: `Bearer ${TOKEN}` }
  const checks = async (path: string) => JSON.parse((await raw(url, { path, headers: withToken })).text).checks
  expect((await checks('/healthz')).map(({ name }: { name: string }) => name)).toEqual(['running', 'progress'])
  expect((await checks('/readyz')).map(({ name }: { name: string }) => name)).toEqual(['started', 'delay', 'threads'])
  expect((await raw(url, { method: 'POST', path: '/healthz', headers })).status).toBe(401)
  expect((await raw(url, { path: '/healthz/', headers })).status).toBe(401)
})

test('a probe that fails says so, and its checks only to those with access', () => {
  const report = { ok: false, checks: [{ name: 'delay' as const, ok: false, message: 'late' }] }
  const probes = new Probes({ live: () => report, ready: () => report, close: () => {} })
  for (const path of ['/healthz', '/readyz']) {
    expect(probes.answer(path, false)).toEqual({ status: 503, body: { ok: false } })
    expect(probes.answer(path, true)).toEqual({ status: 503, body: report })
  }
  expect(probes.answer('/', true)).toBeUndefined()
})

test('a thread is terminated only with chaos, by POST, with the header', async () => {
  const calm = await served()
  const headers = { 'x-millrace-request': '1' }
  const path = '/api/v1/threads/0/terminate'
  expect(code(await raw(calm.url, { method: 'POST', path, headers }))).toBe('chaos')
  const { ssc, url } = await served({ chaos: true })
  expect(code(await raw(url, { method: 'POST', path }))).toBe('header')
  expect((await raw(url, { path, headers })).status).toBe(404)
  expect(code(await raw(url, { method: 'POST', path, headers: { ...headers, origin: 'http://evil.example' } }))).toBe(
    'origin',
  )
  const lost = new Promise((resolve) => ssc.on('threadLost', resolve))
  expect((await raw(url, { method: 'POST', path, headers })).status).toBe(200)
  await lost
  expect(code(await raw(url, { method: 'POST', path: '/api/v1/threads/99/terminate', headers }))).toBe('thread')
  expect((await raw(url, { method: 'DELETE', path, headers })).status).toBe(405)
})

test('no path leads out of the page', async () => {
  const { url } = await served()
  const paths = [
    '/../package.json',
    '/..%2fpackage.json',
    '//etc/passwd',
    '/page.js/../../package.json',
    '/page.js/',
    '/PAGE.JS',
    '/./page.js',
    '/..;/page.js',
    '/%2e%2e/%2e%2e/etc/passwd',
    'http://evil.example/api/v1/overview',
    '/%00',
    '/constructor',
  ]
  const more = [
    '/api/v1/__proto__',
    '/api/v1/constructor',
    '/api/v1/batches/..',
    '/api/v1/batches/1e3',
    '/api/v1/',
    '/api/v1/overview/',
    '/api/v1/%6fverview',
    '/api/v1/../../page.js',
    '/api//v1/overview',
    `/api/v1/${'x'.repeat(10_000)}`,
  ]
  for (const path of [...paths, ...more]) {
    const answer = await raw(url, { path })
    expect(answer.status, path).toBe(404)
    expect(answer.headers['content-type'], path).toContain('json')
  }
  expect((await raw(url, { path: '/api/v1/batches/' })).text).toContain('batch time is missing')
  expect((await raw(url, { path: '/api/v1/batches/12345' })).text).toContain('does not exist')
})

test('with a token, every request needs it', async () => {
  const { url } = await served({ token: TOKEN })
  const path = '/api/v1/overview'
  expect(code(await raw(url, { path }))).toBe('token')
  expect(code(await raw(url))).toBe('token')
  expect(code(await raw(url, { path, headers: { authorization: 'Bearer wrong' } }))).toBe('token')
  expect(code(await raw(url, { path: '/?token=wrong' }))).toBe('token')
  const headers = { authorization: `Bearer ${TOKEN}`, host: 'streams.example.org' }
  expect((await raw(url, { path, headers })).status).toBe(200)
  const signedIn = await raw(url, { path: `/?token=${TOKEN}` })
  expect(signedIn.status).toBe(303)
  expect(signedIn.headers.location).toBe('/')
  const [cookie] = signedIn.headers['set-cookie']!
  expect(cookie).toMatch(/HttpOnly; SameSite=Strict/)
  expect(cookie).not.toContain(TOKEN)
  expect((await raw(url, { path, headers: { cookie: cookie!.split(';')[0]! } })).status).toBe(200)
})

test('the headers keep other pages and other scripts out', async () => {
  const { url } = await served()
  const { headers } = await raw(url)
  expect(headers['content-security-policy']).toContain("default-src 'none'; script-src 'self'")
  expect(headers['x-frame-options']).toBe('DENY')
  expect(headers['x-content-type-options']).toBe('nosniff')
  expect(headers['access-control-allow-origin']).toBeUndefined()
})

test('the API has everything that the page shows', async () => {
  const { url } = await served()
  const lists = ['storage', 'state', 'connectors', 'recovery', 'batches']
  const objects = ['overview', 'threads', 'memory', 'graph', 'checkpoints', 'configuration']
  for (const resource of [...lists, ...objects]) {
    const { status, text } = await raw(url, { path: `/api/v1/${resource}` })
    expect(status, resource).toBe(200)
    expect(Array.isArray(JSON.parse(text)), resource).toBe(lists.includes(resource))
  }
})

test('a batch has its jobs', async () => {
  const { ssc, url } = await served()
  const time = await new Promise<number>((resolve) => ssc.on('batchCompleted', (batch) => resolve(batch.time)))
  const { text } = await raw(url, { path: `/api/v1/batches/${time}` })
  const batch = JSON.parse(text)
  expect(batch).toMatchObject({
    time,
    status: 'completed',
    outputs: [{ id: 0 }],
    jobs: [{ output: 0, batchTime: time }],
  })
  expect(batch.jobs[0].stages[0]).toMatchObject({ kind: 'result', finished: batch.jobs[0].stages[0].tasks })
})

test('a port that is taken makes it take another', async () => {
  const first = await served()
  const port = Number(new URL(first.url).port)
  const second = await served({ port })
  expect(Number(new URL(second.url).port)).not.toBe(port)
  expect((await raw(second.url)).status).toBe(200)
})

test('a host that cannot be listened on does not keep the streams from starting', async () => {
  const warnings: string[] = []
  const logger = { debug: () => {}, info: () => {}, warn: (text: string) => void warnings.push(text), error: () => {} }
  const ssc = watched({ threads: 1, spare: false, logger, ui: { port: 0, host: '192.0.2.1', token: TOKEN } })
  open.push(ssc)
  ssc.queueStream([], { default: [1] }).foreachRDD((rdd) => rdd.count())
  await ssc.start()
  expect(ssc.state).toBe('ACTIVE')
  expect(ssc.ui!.url).toBeUndefined()
  expect(warnings.join()).toContain('cannot be served')
})

test('a server of your own mounts the handler', async () => {
  const { ssc } = await served({ port: false, basePath: '/streams', allowedHosts: ['app.example.org'] })
  expect(ssc.ui!.url).toBeUndefined()
  const server = createServer((request, response) => {
    if (request.url?.startsWith('/streams')) ssc.ui!.handler(request, response)
    else response.end('mine')
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  try {
    expect((await raw(url)).text).toBe('mine')
    expect((await raw(url, { path: '/streams' })).headers.location).toBe('/streams/')
    expect((await raw(url, { path: '/streams/' })).text).toContain('<title>Millrace</title>')
    const headers = { host: 'app.example.org' }
    expect((await raw(url, { path: '/streams/api/v1/memory', headers })).status).toBe(200)
    await ssc.stop()
    expect((await raw(url, { path: '/streams/' })).status).toBe(503)
  } finally {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
})

test('the page is gone after stop(), and absent without the option', async () => {
  const { ssc, url } = await served()
  await ssc.stop()
  await expect(raw(url)).rejects.toThrow('ECONNREFUSED')
  expect(ssc.ui!.url).toBeUndefined()
  await using off = new StreamingContext({ batchInterval: 100, threads: 1 })
  expect(off.ui).toBeUndefined()
})

test.each([
  [{ ui: { host: '0.0.0.0' } }, /Set ui.token/],
  [{ ui: { token: 'short' } }, /at least 16 characters/],
  [{ ui: { port: 70_000 } }, /from 0 to 65535/],
  [{ ui: { basePath: '/a/../b' } }, /basePath/],
  [{ ui: { colour: 'red' } }, /colour/],
  [{ ui: 'yes' }, /true, false or an object/],
])('%o is refused', (options, message) => {
  expect(() => new StreamingContext({ batchInterval: 100, ...options } as never)).toThrow(message)
})
