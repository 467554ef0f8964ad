import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import fastify from 'fastify'
import { monitor } from 'millrace/metrics'
import { Gauge, Registry } from 'prom-client'
import { afterEach, describe, expect, test } from 'vitest'
import { manual, run } from '../engine/support.js'
import { parse, seriesOf } from './exposition.js'

const cleanups: (() => unknown)[] = []
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
})

async function running() {
  const { ssc } = manual({ threads: 1, spare: false })
  cleanups.push(() => ssc.stop())
  ssc.queueStream([[1], [2]]).foreachRDD(() => {})
  return ssc
}

async function served(handler: Parameters<typeof createServer>[1]): Promise<string> {
  const server = createServer(handler!)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  cleanups.push(() => new Promise((resolve) => server.close(resolve)))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

describe('a server of node:http', () => {
  test('answers scrapes and probes', async () => {
    const ssc = await running()
    const { handler } = await monitor(ssc)
    const url = await served(handler)
    const unready = await fetch(`${url}/readyz`)
    expect(unready.status).toBe(503)
    expect(await unready.json()).toMatchObject({ ok: false, checks: [{ name: 'started', ok: false }, {}, {}] })
    await ssc.start()
    await run(ssc, 1)
    for (const path of ['/readyz', '/healthz']) {
      const response = await fetch(url + path)
      expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json; charset=utf-8'])
      expect(response.headers.get('cache-control')).toBe('no-store')
      expect(await response.json()).toMatchObject({ ok: true })
    }
    const scrape = await fetch(`${url}/metrics?name[]=x`)
    expect(scrape.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
    expect(seriesOf(parse(await scrape.text()), 'millrace_batches_total')).toBe(1)
  })

  test('refuses other paths and methods, and answers HEAD without a body', async () => {
    const { handler } = await monitor(await running())
    const url = await served(handler)
    expect((await fetch(`${url}/`)).status).toBe(404)
    expect((await fetch(`${url}/metrics/../metrics2`)).status).toBe(404)
    const post = await fetch(`${url}/metrics`, { method: 'POST', body: 'x' })
    expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD'])
    const head = await fetch(`${url}/metrics`, { method: 'HEAD' })
    expect(head.status).toBe(200)
    expect(Number(head.headers.get('content-length'))).toBeGreaterThan(1000)
    expect(await head.text()).toBe('')
  })

  test('hides the error of a collector', async () => {
    const registry = new Registry()
    new Gauge({
      name: 'mine',
      help: 'x',
      registers: [registry],
      collect: () => {
        throw new Error('secret')
      },
    })
    const { handler } = await monitor(await running(), { registry })
    const response = await fetch(`${await served(handler)}/metrics`)
    expect(response.status).toBe(500)
    expect(await response.text()).not.toContain('secret')
  })

  test('has probes without metrics', async () => {
    const made = await monitor(await running(), { metrics: false })
    expect(made.registry).toBe(undefined)
    expect(await made.respond('GET', '/metrics')).toBe(undefined)
    expect((await made.respond('GET', '/readyz'))!.status).toBe(503)
    expect((await made.respond('GET', '/healthz'))!.status).toBe(200)
  })
})

test('a fastify application mounts the handler', async () => {
  const { handler } = await monitor(await running())
  const app = fastify()
  cleanups.push(() => app.close())
  for (const path of ['/metrics', '/healthz', '/readyz']) {
    app.get(path, (request, reply) => {
      reply.hijack()
      handler(request.raw, reply.raw)
    })
  }
  const response = await app.inject('/metrics')
  expect(response.statusCode).toBe(200)
  expect(seriesOf(parse(response.body), 'millrace_batches_waiting')).toBe(0)
  expect((await app.inject('/readyz')).statusCode).toBe(503)
})

test('closing ends health and metrics', async () => {
  const ssc = await running()
  const made = await monitor(ssc)
  made.close()
  await ssc.start()
  await run(ssc, 1)
  expect(seriesOf(parse(await made.registry!.metrics()), 'millrace_batches_total')).toBe(undefined)
  expect(made.health.ready().ok).toBe(false)
})
