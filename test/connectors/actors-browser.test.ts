import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { build } from 'esbuild'
import { actorSource } from 'millrace/actors'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { freePort } from '../services/ports.js'
import { hasService } from '../services/service.js'
import { openPage, startBrowser } from '../support/browser.js'
import { range, receive } from './actors-support.js'

const SENDER = `
import { connectActor } from 'millrace/actors/client'
globalThis.answered = 0
globalThis.sendAll = async (url, from, to, size) => {
  globalThis.actor = connectActor(new WebSocket(url))
  const send = async (n) => {
    // Equal texts would be packed into a few bytes, for which the buffer has room.
    const text = (n + ' ').repeat(size)
    await actor.send({ n, at: new Date(n), tags: new Map([[n, 'ä']]), text })
    globalThis.answered++
  }
  await Promise.all(Array.from({ length: to - from }, (_, i) => send(from + i)))
}
`

/** Serves a page with the client in its bundle, from an origin of its own. */
async function servePage() {
  const root = new URL('../../', import.meta.url).pathname
  const stdin = { contents: SENDER, resolveDir: root }
  const { outputFiles } = await build({ stdin, bundle: true, platform: 'browser', format: 'esm', write: false })
  const page = `<!doctype html><title>actor</title><script type="module">${outputFiles[0]!.text}</script>`
  const server = createServer((_, response) => response.setHeader('content-type', 'text/html').end(page))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = () => {
    server.closeAllConnections()
    return new Promise((resolve) => server.close(resolve))
  }
  return { origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close }
}

describe.runIf(hasService('chromium'))('actors in a page of a browser', () => {
  let browser: Browser
  let site: Awaited<ReturnType<typeof servePage>>
  beforeAll(async () => {
    site = await servePage()
    browser = await startBrowser()
  })
  afterAll(async () => {
    await browser?.close()
    await site?.close()
  })

  async function pageAnd(origin: string, more: { receiverBufferBytes?: number } = {}) {
    const port = await freePort()
    const received = await receive(actorSource({ websocket: { port, origins: [origin] } }), more)
    const page = await openPage(browser)
    await page.goto(site.origin)
    const sendAll = (from: number, to: number, size = 0) =>
      page.evaluate(`sendAll('ws://127.0.0.1:${port}', ${from}, ${to}, ${size})`)
    return { ...received, page, sendAll }
  }

  test('send values once, in order, of their types', async () => {
    const { page, sendAll, messages, ticksUntil } = await pageAnd(site.origin)
    await ticksUntil(sendAll(0, 5000))
    expect(messages.map(({ n }) => n)).toEqual(range(0, 5000))
    expect(messages[5]).toEqual({ n: 5, at: new Date(5), tags: new Map([[5, 'ä']]), text: '' })
    await page.close()
  })

  test('wait for room', async () => {
    const { ssc, page, sendAll, messages, ticksUntil } = await pageAnd(site.origin, { receiverBufferBytes: 64 * 1024 })
    const paused = new Promise((resolve) => ssc.on('receiverPaused', resolve))
    const sent = sendAll(0, 3000, 100)
    await paused
    expect(await page.evaluate('answered')).toBeLessThan(3000)
    await ticksUntil(sent)
    expect(messages.map(({ n }) => n)).toEqual(range(0, 3000))
    await page.close()
  })

  test('a closed page loses nothing that was answered, and another page goes on', async () => {
    const { page, sendAll, messages, tick, ticksUntil } = await pageAnd(site.origin)
    await ticksUntil(sendAll(0, 100))
    await page.reload()
    await ticksUntil(sendAll(100, 200))
    await page.close()
    await tick()
    expect(messages.map(({ n }) => n)).toEqual(range(0, 200))
  })

  test('a page of another origin is refused', async () => {
    const { page, sendAll, messages, tick } = await pageAnd('https://allowed.example')
    await expect(sendAll(0, 1)).rejects.toThrow('The connection of the actor was closed.')
    await tick()
    expect(messages).toEqual([])
    await page.close()
  })
})
